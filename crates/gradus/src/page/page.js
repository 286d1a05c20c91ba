(function () {
  "use strict";
  var all = function (root, what) { return Array.prototype.slice.call(root.querySelectorAll(what)); };

  var root = document.documentElement;
  var theme = document.getElementById("theme");
  var dark = function () {
    var set = root.getAttribute("data-theme");
    return set ? set === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  };
  var name = function () { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  name();
  theme.addEventListener("click", function () {
    root.setAttribute("data-theme", dark() ? "light" : "dark");
    name();
  });

  // What is not a number stands last in both directions.
  var compare = function (a, b, sign) {
    var x = Number(a), y = Number(b);
    if (a === "" ? true : b === "") { return (a === "" ? 1 : 0) - (b === "" ? 1 : 0); }
    if (Number.isNaN(x) ? true : Number.isNaN(y)) { return sign * a.localeCompare(b); }
    // Not the difference, which two infinities do not have.
    return sign * ((x > y) - (y > x));
  };
  all(document, "table.sortable").forEach(function (table) {
    var heads = all(table, "thead th");
    heads.forEach(function (head, column) {
      var label = head.textContent;
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var body = table.tBodies[0];
        var value = function (row) { return row.cells[column].getAttribute("data-value") || ""; };
        all(body, "tr").map(function (row, place) { return [value(row), place, row]; }).sort(function (a, b) {
          return compare(a[0], b[0], down ? -1 : 1) || a[1] - b[1];
        }).forEach(function (item) { body.appendChild(item[2]); });
      });
    });
  });

  // A coefficient and its row of the forest plot light up together.
  var forest = document.getElementById("forest");
  if (forest) {
    var pictures = all(forest, "svg[role=img]").map(function (svg) { return all(svg, ".interval"); });
    var rows = {};
    var light = function (at, on) {
      forest.classList.toggle("lit", on);
      pictures.forEach(function (intervals) { if (intervals[at]) { intervals[at].classList.toggle("on", on); } });
      if (rows[at]) { rows[at].classList.toggle("on", on); }
    };
    all(document, "tr[data-row]").forEach(function (row) {
      var at = row.getAttribute("data-row");
      rows[at] = row;
      row.tabIndex = 0;
      [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]].forEach(function (pair) {
        row.addEventListener(pair[0], function () { light(at, pair[1]); });
      });
    });
    pictures.forEach(function (intervals) {
      intervals.forEach(function (interval, at) {
        interval.addEventListener("mouseenter", function () { light(at, true); });
        interval.addEventListener("mouseleave", function () { light(at, false); });
      });
    });
  }
}());
