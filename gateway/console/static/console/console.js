/* Copy buttons and tabs of the console. No framework; works from a plain-http page as well. */
(function () {
    "use strict";

    function copy(text) {
        if (navigator.clipboard && window.isSecureContext) {
            return navigator.clipboard.writeText(text);
        }
        // The clipboard is closed to pages without TLS, which a console in an intranet may be.
        const area = document.createElement("textarea");
        area.value = text;
        area.setAttribute("readonly", "");
        area.style.position = "fixed";
        area.style.opacity = "0";
        document.body.append(area);
        area.select();
        const worked = document.execCommand("copy");
        area.remove();
        return worked ? Promise.resolve() : Promise.reject(new Error("not copied"));
    }

    function markCopied(button) {
        button.classList.add("gp-copied");
        window.setTimeout(() => button.classList.remove("gp-copied"), 1500);
    }

    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-copy], [data-copy-from]");
        if (!button) {
            return;
        }
        event.preventDefault();
        const from = button.dataset.copyFrom;
        const text = from ? document.getElementById(from).textContent : button.dataset.copy;
        copy(text).then(() => markCopied(button), () => window.prompt("Copy:", text));
    });

    // Tabs (WAI-ARIA tab pattern): without this script all panels simply stand below each other.
    function choose(tabs, chosen, focus) {
        tabs.forEach((tab) => {
            const isChosen = tab === chosen;
            tab.setAttribute("aria-selected", String(isChosen));
            tab.tabIndex = isChosen ? 0 : -1;
            document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
        });
        if (focus) {
            chosen.focus();
        }
    }

    function startTabs(root) {
        root.querySelectorAll("[data-tabs]").forEach((list) => {
            const tabs = Array.from(list.querySelectorAll("[role=tab]"));
            if (!tabs.length) {
                return;
            }
            tabs.forEach((tab, index) => {
                tab.addEventListener("click", () => choose(tabs, tab, false));
                tab.addEventListener("keydown", (event) => {
                    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
                    if (step) {
                        event.preventDefault();
                        choose(tabs, tabs[(index + step + tabs.length) % tabs.length], true);
                    }
                });
            });
            choose(tabs, tabs[0], false);
        });
    }

    // What the theme opens by a click on something that is no button, the keyboard and a screen reader reach as well.
    const NAMES = { dock_to_right: "Menu", close: "Close", filter_list: "Filters", more_horiz: "More" };

    function hideIcons(root) {
        // An icon is a word set in a font of pictures; nobody wants it read out.
        root.querySelectorAll(".material-symbols-outlined:not([role=button])").forEach((icon) => {
            icon.setAttribute("aria-hidden", "true");
        });
    }

    function makeReachable(root) {
        const passive = "[x-on\\:click]:not(a[href], button, input, label, body, [tabindex], [role])";
        root.querySelectorAll(passive).forEach((element) => {
            element.tabIndex = 0;
            element.setAttribute("role", "button");
            const name = NAMES[element.textContent.trim()];
            if (name) {
                element.setAttribute("aria-label", name);
            }
            element.addEventListener("keydown", (event) => {
                if (event.target === element && (event.key === "Enter" || event.key === " ")) {
                    event.preventDefault();
                    element.click();
                }
            });
        });
    }

    // Parts of a page that are waiting for something: fetched again until they say that they need no more of it.
    const PAUSE = 10000;

    function startRefresh(root) {
        root.querySelectorAll("[data-refresh]").forEach((part) => {
            const timer = window.setInterval(async () => {
                if (document.hidden) {
                    return;
                }
                const answer = await fetch(part.dataset.refresh, { redirect: "error" }).catch(() => null);
                if (!answer || !answer.ok) {
                    window.clearInterval(timer);
                    return;
                }
                const fresh = document.createElement("template");
                fresh.innerHTML = await answer.text();
                if (fresh.content.querySelector("[data-settled]")) {
                    window.clearInterval(timer);
                }
                if (fresh.content.textContent.trim() !== part.textContent.trim()) {
                    part.replaceChildren(fresh.content);
                    hideIcons(part);
                }
            }, PAUSE);
        });
    }

    document.addEventListener("DOMContentLoaded", () => {
        startRefresh(document);
        startTabs(document);
        makeReachable(document);
        hideIcons(document);
    });
})();
