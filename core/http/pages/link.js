// Sends the token of the link one came by, with what was filled in, and says what came of it.
"use strict";

const page = document.querySelector("main");
const form = document.getElementById("form");
const said = document.getElementById("said");
const field = (name) => form.elements.namedItem(name);
// It stays behind the #: neither this server nor any other sees it in an address.
const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";

function say(lines, kind) {
  said.replaceChildren(...lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.className = `note ${kind}`;
    paragraph.dir = "auto";
    paragraph.textContent = line;
    return paragraph;
  }));
}

function faults(problem) {
  const told = (problem.errors || []).map((fault) => {
    const at = field(fault.pointer.slice(1));
    if (at) at.setAttribute("aria-invalid", "true");
    return fault.message;
  });
  return told.length ? told : [problem.detail || problem.title];
}

async function post(address, body) {
  page.setAttribute("aria-busy", "true");
  form.querySelector("button").disabled = true;
  try {
    const answer = await fetch(address, {
      method: "POST",
      // The link is all the proof there is: whoever else is signed in here has nothing to do with it.
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    const told = text ? JSON.parse(text) : {};
    if (answer.ok) return told;
    say(faults(told), "bad");
  } catch {
    say(["The server does not answer. Try again in a moment."], "bad");
  } finally {
    page.setAttribute("aria-busy", "false");
    form.querySelector("button").disabled = false;
  }
  return null;
}

function offer(told) {
  const inviter = told.invited_by ? `${told.invited_by} invites you` : "You are invited";
  const as = told.roles.length ? ` as ${told.roles.join(", ")}` : "";
  document.getElementById("about").textContent = `${inviter} to work with ${told.agency} in Tripfile${as}. It is for ${told.email}.`;
  field("username").value = told.email;
  const isNew = told.account === "new";
  document.getElementById("name-field").hidden = !isNew;
  field("name").required = isNew;
  field("password").autocomplete = isNew ? "new-password" : "current-password";
  document.getElementById("hint").hidden = !isNew;
  if (!isNew) document.getElementById("password-label").textContent = "The password of your account";
}

function filledIn() {
  const body = { token };
  if (field("password")) body.password = field("password").value;
  if (field("name") && field("name").value.trim()) {
    body.name = field("name").value.trim();
    body.zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }
  return body;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  for (const each of form.elements) each.removeAttribute("aria-invalid");
  say([], "");
  if (await post(page.dataset.sends, filledIn()) === null) return;
  form.hidden = true;
  // Used up: nobody needs it in the history.
  history.replaceState(null, "", location.pathname);
  say([document.getElementById("done").content.textContent], "good");
});

const show = document.getElementById("show");
if (show) show.addEventListener("change", () => { field("password").type = show.checked ? "text" : "password"; });
// A second link opened in the same tab changes nothing but what stands behind the #.
addEventListener("hashchange", () => location.reload());

if (!token) {
  say(["This is not the whole link. Open it from the letter once more, or copy all of it."], "bad");
} else if (!page.dataset.looks) {
  form.hidden = false;
} else {
  post(page.dataset.looks, { token }).then((told) => {
    if (told === null) return;
    offer(told);
    form.hidden = false;
  });
}
