//! A page around the picture: it can be moved, made larger and searched, without a network.

use crate::ivr::words::pick;
use crate::model::Lang;

const STYLE: &str = "\
body{margin:0;font:14px system-ui,sans-serif;background:#f6f7f9}
#bar{position:fixed;z-index:1;top:8px;right:8px;display:flex;gap:6px;align-items:center}
#bar input,#bar button{font:inherit;padding:4px 8px;border:1px solid #9aa3af;border-radius:6px;background:#fff;color:#1b2430}
#bar output{min-width:4em;color:#5b6675}
#view{position:fixed;inset:0;overflow:hidden;cursor:grab;touch-action:none}
#view.moving{cursor:grabbing}
#view>svg{position:absolute;left:0;top:0;transform-origin:0 0}
.hit{paint-order:stroke;stroke:#fcd34d!important;stroke-width:7px;fill:#1b2430!important}
@media (prefers-color-scheme:dark){body{background:#14181f}}";

const SCRIPT: &str = "\
const view = document.getElementById('view'), svg = view.querySelector('svg');
const size = svg.viewBox.baseVal;
const width = size.width || svg.getBoundingClientRect().width, height = size.height || svg.getBoundingClientRect().height;
svg.setAttribute('width', width); svg.setAttribute('height', height);
let x = 0, y = 0, scale = 1;
const draw = () => { svg.style.transform = `translate(${x}px,${y}px) scale(${scale})`; };
const fit = () => { scale = Math.min(innerWidth / width, innerHeight / height, 1); x = (innerWidth - width * scale) / 2; y = 0; draw(); };
const zoom = (factor, atX, atY) => {
  const next = Math.min(4, Math.max(0.05, scale * factor));
  x = atX - (atX - x) * next / scale; y = atY - (atY - y) * next / scale; scale = next; draw();
};
view.addEventListener('wheel', event => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY); }, {passive: false});
const fingers = new Map();
view.addEventListener('pointerdown', event => { if (event.target.closest('a')) return; fingers.set(event.pointerId, event); view.setPointerCapture(event.pointerId); view.classList.add('moving'); });
view.addEventListener('pointermove', event => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  if (fingers.size === 1) { x += event.clientX - before.clientX; y += event.clientY - before.clientY; draw(); }
  else {
    const other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
    const far = finger => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY) || 1;
    zoom(far(event) / far(before), other.clientX, other.clientY);
  }
  fingers.set(event.pointerId, event);
});
for (const end of ['pointerup', 'pointercancel']) view.addEventListener(end, event => { fingers.delete(event.pointerId); view.classList.remove('moving'); });
const centre = element => {
  const box = element.getBoundingClientRect();
  if (scale < 0.6) zoom(0.9 / scale, box.x, box.y);
  const now = element.getBoundingClientRect();
  x += innerWidth / 2 - now.x - now.width / 2; y += innerHeight / 2 - now.y - now.height / 2; draw();
};
svg.addEventListener('click', event => {
  const link = event.target.closest('a');
  const target = link && document.getElementById((link.getAttribute('href') || '').slice(1));
  if (target) { event.preventDefault(); centre(target); }
});
let hits = [], at = -1;
const found = document.getElementById('found'), field = document.getElementById('find');
const search = () => {
  hits.forEach(hit => hit.classList.remove('hit'));
  const wanted = field.value.trim().toLowerCase();
  hits = wanted ? [...svg.querySelectorAll('text')].filter(element => element.textContent.toLowerCase().includes(wanted)) : [];
  at = -1; found.textContent = wanted ? String(hits.length) : '';
};
field.addEventListener('input', () => { search(); if (hits.length) next(); });
const next = () => { if (!hits.length) return; if (at >= 0) hits[at].classList.remove('hit'); at = (at + 1) % hits.length; hits[at].classList.add('hit'); found.textContent = `${at + 1} / ${hits.length}`; centre(hits[at]); };
field.addEventListener('keydown', event => { if (event.key === 'Enter') next(); });
document.getElementById('fit').addEventListener('click', fit);
document.getElementById('in').addEventListener('click', () => zoom(1.3, innerWidth / 2, innerHeight / 2));
document.getElementById('out').addEventListener('click', () => zoom(1 / 1.3, innerWidth / 2, innerHeight / 2));
addEventListener('keydown', event => { if (event.key === '/' && event.target !== field) { event.preventDefault(); field.focus(); } });
fit();
if (scale < 0.35) { scale = 0.6; x = 0; y = 0; draw(); }";

/// A page that shows a picture made by [`svg`](super::svg); it needs nothing else.
#[must_use]
pub fn page(svg: &str, lang: Lang) -> String {
    let title = pick(lang, "Menu of the hotline", "Меню горячей линии");
    let find = pick(lang, "Find (press /)", "Найти (клавиша /)");
    let whole = pick(lang, "Whole", "Целиком");
    // A picture in a page has no XML declaration of its own.
    let svg =
        svg.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(svg, |(_, rest)| rest);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}\n</style>\n\
         </head>\n<body>\n<div id=\"bar\"><input id=\"find\" type=\"search\" placeholder=\"{find}\">\
         <output id=\"found\"></output><button id=\"out\">−</button><button id=\"in\">+</button>\
         <button id=\"fit\">{whole}</button></div>\n<div id=\"view\">{svg}</div>\n<script>\n{SCRIPT}\n</script>\n\
         </body>\n</html>\n"
    )
}
