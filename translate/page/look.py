"""How the page looks: its colours, its style sheet, and the few lines of script that the canvas needs."""

from __future__ import annotations

import gradio as gr

INK = gr.themes.Color(
    *("#eefaf7", "#d3f2ea", "#a8e4d6", "#72cfbc", "#3fb19d", "#1f8f7e", "#17776a", "#155f56", "#144c46", "#133f3a"),
    c950="#05241f",
    name="ink",
)
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
"""Of the visitor's machine: a font from elsewhere would be a call to another host."""

# What the canvas leaves undone when it appears, which in another tab is later than the page: no pen is selected, nor
# after it was cleared; measured before the layout settled, it stays small until its size changes; and white paper lies
# on white. Buttons are found by their place, because their names are in the visitor's language.
JS = """() => {
  const prepare = () => document.querySelectorAll('.canvas').forEach(block => {
    const pen = block.querySelector('.toolbar-wrap button'), paper = block.querySelector('.pixi-target canvas');
    if (!pen || !paper) return;
    if (block.querySelector('.empty')) pen.click();
    if (block.dataset.ready) return;
    block.dataset.ready = 'yes';
    paper.parentElement.style.paddingRight = '1px';
    setTimeout(() => paper.parentElement.style.paddingRight = '', 100);
    const background = globalThis.__PIXI_APP__?.renderer?.background;
    if (background && !document.body.classList.contains('dark')) background.color = 0xe4e2dd;
  });
  new MutationObserver(prepare).observe(document.body, {childList: true, subtree: true});
  prepare();
}"""

CSS = """
.gradio-container { max-width: 1160px !important; margin: 0 auto !important }
#head h1 { font-size: 2rem; letter-spacing: -.02em; margin: .6rem 0 .2rem } #head p { font-size: 1.05rem; margin: 0 }
.facts *, .time * { font-size: .9rem; opacity: .9 }
.tab-wrapper { contain: inline-size } /* tabs that do not fit go to its menu instead of making the page wider */
.pair { display: grid !important; grid-template-columns: repeat(2, minmax(0, 1fr)) }
.pair > .block { height: 580px !important; border: 1px solid var(--border-color-primary) !important }
.pair.low > .block { height: 460px !important }
.result img { width: 100%; height: 100%; object-fit: contain }
/* One pen, black, and no drafts: nothing to choose a colour of, nothing to save. The tools stand below the paper. */
.canvas button[aria-label="Color"], .canvas button[aria-label="Save changes"] { display: none }
.canvas .toolbar-wrap { flex-direction: row; width: auto; inset: auto auto 8px 50%; transform: translateX(-50%) }
.canvas .half-container > .wrap { inset: auto auto calc(100% + 10px) 50%; transform: translateX(-50%) }
.canvas .half-container { flex-direction: row; padding: 2px 8px }
.ways { gap: 28px !important }
.way > .result, .way > .slider-block { border: 1px solid var(--border-color-primary) !important }
.way > .result { height: 300px !important } .way > .drop { height: 210px !important }
.way > .slider-block { height: 360px !important }
@media (max-width: 640px) {
  .pair { grid-template-columns: minmax(0, 1fr) }
  .pair > .block { height: 430px !important }
  .pair.low > .block, .pair > .result { height: 330px !important }
  .way > .result, .way > .slider-block { height: 250px !important }
}
"""


def theme() -> gr.themes.Base:
    """The page's colours and fonts."""
    soft = gr.themes.Soft(primary_hue=INK, secondary_hue=INK, neutral_hue="stone", font=FONTS, font_mono="monospace")
    return soft.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        # In the dark, Soft gives both kinds of button one colour.
        button_secondary_background_fill_dark="*neutral_700",
        button_secondary_background_fill_hover_dark="*neutral_600",
    )
