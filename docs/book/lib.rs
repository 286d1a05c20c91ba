//! The Rust snippets of the book (`docs/book/src`) are compiled and run as tests of this package: each chapter is the
//! documentation of a type that exists in tests of documentation alone. The commands of the book are run by
//! `crates/gradus/tests/book.rs`.

macro_rules! chapters {
    ($($name:ident in $file:literal;)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            pub struct $name;
        )*
    };
}

chapters! {
    Introduction in "src/introduction.md";
    Sigmoid in "src/sigmoid.md";
    Gradients in "src/gradients.md";
    LinearRegression in "src/linear-regression.md";
    LogisticRegression in "src/logistic-regression.md";
    Modules in "src/modules.md";
    ByHand in "src/by-hand.md";
    Softmax in "src/softmax.md";
    Certificate in "src/certificate.md";
    Inference in "src/inference.md";
    Report in "src/report.md";
    UpdateRules in "src/update-rules.md";
    Newton in "src/newton.md";
    ManyCoefficients in "src/many-coefficients.md";
    Quantities in "src/quantities.md";
    Statistics in "src/statistics.md";
    FromPytorch in "src/from-pytorch.md";
    FromScikitLearn in "src/from-scikit-learn.md";
    FromStatsmodels in "src/from-statsmodels.md";
    FromR in "src/from-r.md";
    Decisions in "src/decisions.md";
    ExtendAutodiff in "src/extend-autodiff.md";
    ExtendFits in "src/extend-fits.md";
    Limits in "src/limits.md";
}
