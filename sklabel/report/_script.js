// Sorts a table when one of its header buttons is pressed: numbers by value, largest
// first, text from A to Z, pressed again the other way round; empty cells stay last.
// Where a table or a figure scrolls, a line says so.
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

  // Says of a table or figure that a part of it is out of sight.
  function mark(box) {
    var card = box.parentElement, list = card.classList;
    list.toggle("right", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
    list.toggle("below", box.scrollTop + box.clientHeight < box.scrollHeight - 2);
    list.toggle("scrolled", box.scrollLeft > 2);
    list.toggle("more", list.contains("right") || list.contains("below"));
  }

  document.querySelectorAll(".scroll").forEach(function (box) {
    function update() { mark(box); }
    update();
    box.addEventListener("scroll", update, { passive: true });
    if (window.ResizeObserver) new ResizeObserver(update).observe(box);
  });

  document.querySelectorAll("table.sortable").forEach(function (table) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () {
        sort(table, heads, column);
      });
    });
  });
})();
