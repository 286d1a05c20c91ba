-- binomial regression of cured, link logit, fitted to 40 observations by gradus 0.1.0.
-- For SQLite (3.35 or later, with its mathematical functions) and PostgreSQL (12 or later). Columns of numbers are of a
-- numeric type and hold no texts. Predictions are NULL where a value is missing, not finite or of a category that did not occur in the
-- fit, where `gradus predict` stops with an error.
WITH gradus_0 AS (
  SELECT
    CASE WHEN "data"."log dose" IS NULL THEN CAST(-6.3487179487179510e-2 AS DOUBLE PRECISION) ELSE CASE WHEN CAST("data"."log dose" AS DOUBLE PRECISION) BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN CAST("data"."log dose" AS DOUBLE PRECISION) END END AS gradus_x0_0,
    CASE WHEN "data"."city" IS NULL THEN 2 WHEN CAST("data"."city" AS TEXT) = 'Basel' THEN 0 WHEN CAST("data"."city" AS TEXT) = 'L''Aquila' THEN 1 WHEN CAST("data"."city" AS TEXT) = 'S<P> & "R"' THEN 2 END AS gradus_x1_0,
    "data"."log dose" AS gradus_c0_0,
    "data"."city" AS gradus_c1_0
  FROM "data"
),
gradus_1 AS (
  SELECT gradus_0.*,
    CAST(2.5000000000000000e-1 AS DOUBLE PRECISION)
      + 1.1000000000000001e0 * gradus_x0_0
      + (-6.9999999999999996e-1) * CAST(CASE WHEN gradus_x1_0 = 1 THEN 1 WHEN gradus_x1_0 <> 1 THEN 0 END AS DOUBLE PRECISION)
      + 2.9999999999999999e-1 * CAST(CASE WHEN gradus_x1_0 = 2 THEN 1 WHEN gradus_x1_0 <> 2 THEN 0 END AS DOUBLE PRECISION) AS gradus_eta0_1
  FROM gradus_0
),
gradus_2 AS (
  SELECT gradus_1.*,
    CASE WHEN gradus_eta0_1 BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN gradus_eta0_1 END AS gradus_eta0_2
  FROM gradus_1
),
gradus_3 AS (
  SELECT gradus_2.*,
    CASE WHEN gradus_eta0_2 > 40.0 THEN 1.0 WHEN gradus_eta0_2 >= 0.0 THEN 1.0 / (1.0 + exp(-gradus_eta0_2)) WHEN gradus_eta0_2 < -745.0 THEN 0.0 WHEN gradus_eta0_2 < 0.0 THEN exp(gradus_eta0_2) / (1.0 + exp(gradus_eta0_2)) END AS gradus_mean0_3
  FROM gradus_2
)
SELECT
  gradus_c0_0 AS "log dose",
  gradus_c1_0 AS "city",
  gradus_mean0_3 AS "probability",
  CASE WHEN gradus_mean0_3 >= 5.0000000000000000e-1 THEN 'it''s' WHEN gradus_mean0_3 < 5.0000000000000000e-1 THEN 'no' END AS "prediction"
FROM gradus_3;
