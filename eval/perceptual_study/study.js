// The study itself: who, in which order, which answers, and what is handed in at the end.

const FORMAT = "semgrasp-study-answers";
const VERSION = 1;
const QUESTIONS = ["fit", "natural"];
const ANCHORS = {
  fit: ["Not at all", "Poorly", "Partly", "Mostly", "Fully"],
  natural: ["Impossible", "Unlikely", "Doubtful", "Believable", "Natural"],
};
const data = JSON.parse(document.getElementById("data").textContent);
const items = new Map(data.items.map((item) => [item.id, item]));
const at = (id) => document.getElementById(id);

// Storage that the browser may refuse, in private windows for example.
const storage = {
  works: true,
  get(key) {
    try { return localStorage.getItem(key); } catch { this.works = false; return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, value); } catch { this.works = false; at("storage").hidden = false; }
  },
  remove(key) {
    try { localStorage.removeItem(key); } catch { this.works = false; }
  },
};
const CURRENT = `grasp-study/${data.study}/current`;
const keyOf = (code) => `grasp-study/${data.study}/answers/${code}`;

// FNV-1a over the text, then mulberry32: whole numbers only, so the same order in every browser.
function generatorOf(text) {
  let state = 2166136261;
  for (const character of text) {
    state = Math.imul(state ^ character.codePointAt(0), 16777619) >>> 0;
  }
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function orderOf(code) {
  const random = generatorOf(`${data.study}/${code}`);
  const order = [...items.keys()];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

let session = null;
let view = null;
let shownSince = 0;
let active = "fit";

function save() {
  storage.set(keyOf(session.code), JSON.stringify(session));
}

// What an earlier visit left; null where it left nothing that belongs to this study.
function keptSession(code) {
  try {
    const kept = JSON.parse(storage.get(keyOf(code)));
    const isOurs = kept && kept.code === code && Number.isInteger(kept.place)
      && kept.place >= -1 && kept.ratings && kept.practice
      && JSON.stringify(kept.order) === JSON.stringify(orderOf(code));
    return isOurs ? kept : null;
  } catch {
    return null;
  }
}

function begin(code) {
  session = keptSession(code) || {
    code, order: orderOf(code), place: -1, ratings: {}, practice: {}, view: "3d",
    started: new Date().toISOString(), finished: null,
  };
  storage.set(CURRENT, code);
  save();
  at("bar").hidden = false;
  if (session.place >= session.order.length) showEnd(); else showItem(session.place);
}

function section(name) {
  for (const id of ["start", "item", "end"]) at(id).hidden = id !== name;
}

const answersOf = (id) => (id === "practice" ? session.practice : session.ratings[id]);
const isAnswered = (id) => QUESTIONS.every((question) => (answersOf(id) || {})[question]);
const currentId = () => (session.place < 0 ? "practice" : session.order[session.place]);

// Time counts while the item is on the screen and the page is in front.
function countTime() {
  if (!session || at("item").hidden || session.place < 0) return;
  const now = performance.now();
  const entry = session.ratings[currentId()];
  if (entry && shownSince) entry.seconds += (now - shownSince) / 1000;
  shownSince = document.hidden ? 0 : now;
}

const surfaces = new Map();
function sceneOf(item) {
  const make = (packed, kind) => surfaceOf(
    unpackVertices(packed.vertices), unpackFaces(data.triangles[packed.faces]), CREASE[kind]);
  if (!surfaces.has(item.object)) surfaces.set(item.object, make(data.objects[item.object], "object"));
  return { object: surfaces.get(item.object), hand: make(item.hand, "hand"), azimuth: item.azimuth };
}

function showItem(place) {
  countTime();
  session.place = place;
  const id = currentId();
  const item = place < 0 ? data.practice : items.get(id);
  if (place >= 0 && !session.ratings[id]) session.ratings[id] = { fit: null, natural: null, seconds: 0 };
  save();
  section("item");
  at("practice-note").hidden = place >= 0;
  at("feedback").textContent = "";
  at("instruction").textContent = item.text;
  at("back").disabled = place < 0;
  at("next").textContent = place === session.order.length - 1 ? "Review and finish" : "Next";
  const answers = answersOf(id);
  for (const question of QUESTIONS) {
    for (const input of at(question).querySelectorAll("input")) {
      input.checked = answers[question] === Number(input.value);
    }
  }
  activate(answers.fit && !answers.natural ? "natural" : "fit");
  showProgress();

  if (!view) view = new GraspView(at("view"));
  at("view").hidden = at("turn").hidden = !view.works;
  at("pictures").hidden = view.works;
  if (view.works) view.show(sceneOf(item)); else at("pictures").src = item.picture;
  if (!view.works) session.view = "pictures";
  shownSince = document.hidden ? 0 : performance.now();
  window.scrollTo(0, 0);
  at("item-title").focus({ preventScroll: true });
}

function showProgress() {
  const total = session.order.length;
  const done = session.order.filter(isAnswered).length;
  at("progress").max = total;
  at("progress").value = done;
  at("where").textContent = session.place < 0 ? "Practice"
    : session.place < total ? `Grasp ${session.place + 1} of ${total}` : `${done} of ${total} answered`;
}

function activate(question) {
  active = question;
  for (const name of QUESTIONS) at(name).classList.toggle("active", name === question);
}

function answer(question, value) {
  const id = currentId();
  answersOf(id)[question] = value;
  at(question).querySelector(`input[value="${value}"]`).checked = true;
  at("feedback").textContent = "";
  countTime();
  save();
  showProgress();
}

function next() {
  if (session.place < 0) {
    const { fit, natural } = session.practice;
    let say = "";
    if (!fit || !natural) say = "Please answer both questions to practise.";
    else if (fit > 2) {
      say = "Look again: this hand hovers beside the object and does not touch it. It holds "
        + "nothing, so it does not do what is asked: choose 1.";
    }
    at("feedback").textContent = say;
    if (say) return;
  }
  if (session.place + 1 < session.order.length) showItem(session.place + 1); else showEnd();
}

function showEnd() {
  countTime();
  shownSince = 0;
  session.place = session.order.length;
  section("end");
  showProgress();
  const missing = session.order.filter((id) => !isAnswered(id));
  at("incomplete").hidden = missing.length === 0;
  at("complete").hidden = missing.length > 0;
  at("missing-count").textContent = missing.length === 1
    ? "1 grasp is not answered." : `${missing.length} grasps are not answered.`;
  at("missing").replaceChildren(...missing.map((id) => {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    const place = session.order.indexOf(id);
    button.type = "button";
    button.textContent = `Grasp ${place + 1}`;
    button.addEventListener("click", () => showItem(place));
    entry.append(button);
    return entry;
  }));
  if (missing.length === 0) {
    session.finished = new Date().toISOString();
    const text = JSON.stringify(resultOf(session), null, 1);
    const link = at("download");
    if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "application/json" }));
    link.download = `answers-${data.study}-${session.code}.json`;
    at("result").value = text;
    at("copied").textContent = "";
  }
  save();
  at("end-title").focus({ preventScroll: true });
}

function resultOf(done) {
  return {
    format: FORMAT,
    version: VERSION,
    study: data.study,
    volunteer: done.code,
    started: done.started,
    finished: done.finished,
    view: done.view,
    ratings: done.order.map((id) => ({
      item: id,
      fit: done.ratings[id].fit,
      natural: done.ratings[id].natural,
      seconds: Math.round(10 * done.ratings[id].seconds) / 10,
    })),
  };
}

function leave() {
  storage.remove(CURRENT);
  session = null;
  at("bar").hidden = true;
  at("code").value = "";
  section("start");
  at("code").focus();
}

function buildScales() {
  for (const question of QUESTIONS) {
    const points = ANCHORS[question].map((anchor, index) => {
      const label = document.createElement("label");
      label.className = "point";
      const input = document.createElement("input");
      input.type = "radio";
      input.name = question;
      input.value = String(index + 1);
      const value = document.createElement("span");
      value.className = "value";
      value.textContent = String(index + 1);
      const words = document.createElement("span");
      words.className = "anchor";
      words.textContent = anchor;
      label.append(input, value, words);
      input.addEventListener("change", () => {
        answer(question, index + 1);
        activate(question === "fit" && !isAnswered(currentId()) ? "natural" : question);
      });
      input.addEventListener("focus", () => {
        if (input.matches(":focus-visible")) activate(question);
      });
      return label;
    });
    at(question).querySelector(".points").append(...points);
    at(question).addEventListener("pointerdown", () => activate(question));
  }
}

document.addEventListener("keydown", (event) => {
  if (!session || at("item").hidden || at("help").open) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key >= "1" && event.key <= "5") {
    event.preventDefault();
    const question = active;
    answer(question, Number(event.key));
    if (question === "fit") activate("natural");
  } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    next();
  }
});
document.addEventListener("visibilitychange", () => { countTime(); if (session) save(); });
window.addEventListener("pagehide", () => { countTime(); if (session) save(); });

at("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = at("code").value.trim().toLowerCase();
  const isCode = /^[a-z0-9_-]{1,32}$/.test(code);
  at("code-error").textContent = isCode ? "" : "Please enter your code: letters, digits, - and _.";
  at("code").setAttribute("aria-invalid", String(!isCode));
  if (isCode) begin(code);
});
at("questions").addEventListener("submit", (event) => { event.preventDefault(); next(); });
at("back").addEventListener("click", () => showItem(session.place - 1));
at("return").addEventListener("click", () => showItem(session.order.length - 1));
at("leave").addEventListener("click", leave);
at("turn").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) view.step(button.dataset.turn);
});
at("help-button").addEventListener("click", () => at("help").showModal());
at("result").addEventListener("focus", () => at("result").select());
at("copy").addEventListener("click", async () => {
  at("result").select();
  try {
    await navigator.clipboard.writeText(at("result").value);
    at("copied").textContent = "Copied.";
  } catch {
    at("copied").textContent = "Selected: press Ctrl+C or Cmd+C.";
  }
});

buildScales();
at("help-text").append(...at("guide").cloneNode(true).childNodes);
at("count").textContent = String(items.size);
at("minutes").textContent = String(Math.max(1, Math.ceil(items.size / 3)));
const current = storage.get(CURRENT);
if (!storage.works) at("storage").hidden = false;
if (current) begin(current); else section("start");
