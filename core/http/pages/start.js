// The page at /docs: Swagger UI, and above it an index that is whole from the start, so that searching the page finds all.
"use strict";

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function show(ui, tag, id) {
  const anchor = tag.replace(/ /g, "_");
  ui.layoutActions.show(["operations-tag", tag], true);
  ui.layoutActions.show(["operations", tag, id], true);
  history.replaceState(null, "", `#/${encodeURIComponent(tag)}/${id}`);
  // Once it is drawn.
  setTimeout(() => {
    const found = [...document.querySelectorAll(".opblock")].find((each) => each.id.replace(/\\/g, "") === `operations-${anchor}-${id}`);
    if (found) found.scrollIntoView({ block: "start" });
  }, 150);
}

function index(ui, description) {
  const place = document.getElementById("tripfile-operations");
  const rows = [];
  for (const tag of description.tags.map((each) => each.name)) {
    const group = element("section", "", place);
    element("h2", tag, group);
    for (const [path, item] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (!operation.tags || operation.tags[0] !== tag) continue;
        const row = element("a", "", group);
        row.href = `#/${encodeURIComponent(tag)}/${operation.operationId}`;
        element("b", method.toUpperCase(), row);
        element("code", path, row);
        element("span", operation.summary || "", row);
        row.addEventListener("click", (event) => {
          event.preventDefault();
          show(ui, tag, operation.operationId);
        });
        const words = `${tag} ${method} ${path} ${operation.summary} ${operation.description || ""}`.toLowerCase();
        rows.push({ row, group, words });
      }
    }
  }
  document.getElementById("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of rows) each.row.hidden = !wanted.every((word) => each.words.includes(word));
    for (const group of place.children) group.hidden = !group.querySelector("a:not([hidden])");
  });
}

window.addEventListener("load", () => {
  const ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#page",
    deepLinking: true,
    // The index above lists everything; a group opens when somebody wants it.
    docExpansion: "none",
    // Without a validator address it asks nobody outside.
    validatorUrl: null,
    onComplete: () => index(ui, ui.specSelectors.specJson().toJS()),
  });
});
