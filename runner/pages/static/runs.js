/* The list of runs: the button that compares tells how many are selected. */
(() => {
  "use strict";

  function update() {
    for (const button of document.querySelectorAll("button[data-picks]")) {
      const picked = document.querySelectorAll(`input[name="${button.dataset.picks}"]:checked`).length;
      button.disabled = picked < 2;
      button.textContent = picked < 2 ? "Compare selected" : `Compare ${picked} runs`;
      button.classList.toggle("primary", picked >= 2);
      button.title = picked < 2 ? "Select two runs or more" : "";
    }
  }

  document.addEventListener("change", update);
  document.addEventListener("DOMContentLoaded", update);
  document.addEventListener("runner:fresh", update);
  window.addEventListener("pageshow", update);
})();
