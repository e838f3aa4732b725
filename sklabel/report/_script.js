// Sorts a table when one of its header buttons is pressed: numbers by value, largest
// first, text from A to Z, pressed again the other way round; empty cells stay last.
(function () {
  "use strict";
  var collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function key(cell, numeric) {
    if (!numeric) return cell.textContent.trim();
    var value = cell.getAttribute("data-v");
    return value === null || value === "" ? NaN : Number(value);
  }

  function compare(a, b, numeric) {
    return numeric ? a - b : collator.compare(a, b);
  }

  function isEmpty(value) {
    return typeof value === "number" ? isNaN(value) : value === "";
  }

  function sort(table, heads, column) {
    var head = heads[column];
    var numeric = head.getAttribute("data-kind") === "number";
    var first = numeric ? "descending" : "ascending";
    var second = numeric ? "ascending" : "descending";
    var order = head.getAttribute("aria-sort") === first ? second : first;
    var sign = order === "ascending" ? 1 : -1;
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, i) {
      return { row: row, key: key(row.cells[column], numeric), at: i };
    });
    rows.sort(function (a, b) {
      var empty = isEmpty(a.key) - isEmpty(b.key);
      if (empty) return empty;
      if (isEmpty(a.key)) return a.at - b.at;
      return sign * compare(a.key, b.key, numeric) || a.at - b.at;
    });
    heads.forEach(function (other) {
      other.setAttribute("aria-sort", other === head ? order : "none");
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () {
        sort(table, heads, column);
      });
    });
  });
})();
