/* What every page has: the theme, copy buttons, local times, running durations. It is loaded before the page is drawn,
   so that the chosen theme never flashes. */
(() => {
  "use strict";
  const THEMES = ["auto", "light", "dark"];
  const pages = (window.runnerPages = window.runnerPages || {});

  function stored() {
    try {
      return localStorage.getItem("runner-theme") || "auto";
    } catch {
      return "auto"; // storage may be forbidden
    }
  }

  function use(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("runner:theme"));
  }

  function two(number) {
    return String(number).padStart(2, "0");
  }

  /* The server writes times in UTC; a reader thinks in local time. */
  function localTime(element) {
    const time = new Date(element.getAttribute("datetime"));
    if (Number.isNaN(time.getTime())) return;
    const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const text = `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
    const utc = `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    if (element.textContent !== text) element.textContent = text;
    if (element.title !== utc) element.title = utc;
  }

  /* As `duration` in runner/pages/texts.py, in whole seconds. */
  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
    return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
  }

  /* The clocks of the server and of this machine may differ: durations go on from the server's. */
  const offset = () => {
    const now = Date.parse(document.getElementById("main")?.dataset.now || "");
    return Number.isNaN(now) ? 0 : Date.now() - now;
  };
  let ahead = 0;

  function tick() {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-since]")) {
      const began = Date.parse(element.dataset.since);
      if (Number.isNaN(began)) continue;
      const text = duration((Date.now() - ahead - began) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  function timeZone() {
    const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const element of document.querySelectorAll("[data-time-zone]")) if (name) element.textContent = name;
  }

  function refresh() {
    ahead = offset();
    document.querySelectorAll("time[datetime]").forEach(localTime);
    tick();
  }

  async function copy(button) {
    const text = button.dataset.copy || button.parentElement.querySelector("code")?.textContent || "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea"); // the clipboard needs https, or this machine
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1500);
  }

  pages.duration = duration;
  pages.refreshTexts = refresh;
  use(stored());

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button?.hasAttribute("data-copy")) copy(button);
    if (button?.hasAttribute("data-theme-switch")) {
      const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
      try {
        localStorage.setItem("runner-theme", next);
      } catch {
        /* then it holds for this page alone */
      }
      use(next);
      label();
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  /* A form is sent once, however often its button is pressed. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") {
      for (const field of form.elements) if (field.name && field.value === "") field.disabled = true; // short addresses
      return;
    }
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const field of document.querySelectorAll('form[method="get"] :disabled:not(button)')) field.disabled = false;
  });

  function label() {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.title = `Theme: ${stored()}`;
      button.setAttribute("aria-label", `Theme: ${stored()}. Switch to the next one`);
      button.textContent = { auto: "◐", light: "☀", dark: "☾" }[stored()] || "◐";
    }
    for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", () => {
    label();
    timeZone();
    refresh();
    setInterval(tick, 1000);
  });
  document.addEventListener("runner:fresh", () => {
    label();
    refresh();
  });
})();
