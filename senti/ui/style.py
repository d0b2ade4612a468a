"""Our rules for the page, in the variables of theme.py; classes of ours begin with `s-`."""

RULES = """
.gradio-container { font-variant-numeric: tabular-nums; }
.gradio-container > .main.fillable { max-width: 1400px !important; margin: 0 auto !important;
  padding: 18px 28px 48px !important; width: 100%; box-sizing: border-box; }
.s-flush, .s-flush > .html-container, .s-flush .prose { padding: 0 !important; margin: 0; border: 0; background: none; }
.s-flush .prose, .s-flush .html-container { color: var(--s-ink); font-size: 15px; max-width: none; }

.s-head { display: flex; align-items: baseline; gap: 14px; flex-wrap: wrap; }
.s-head h1 { font-size: 26px; font-weight: 700; margin: 0; color: var(--s-ink); letter-spacing: -.01em; }
.s-head span { color: var(--s-quiet); font-size: 16px; }
.s-chips { display: flex; gap: 10px; justify-content: flex-end; flex-wrap: wrap; }
.s-chip { border: 1px solid var(--s-line); background: var(--s-card); color: var(--s-ink); border-radius: 999px;
  padding: 6px 14px; font: inherit; font-size: 14px; cursor: pointer; white-space: nowrap; }
.s-chip:hover, .s-buttons button:hover { border-color: var(--s-accent); }
.gradio-container .s-copy { border: 1px solid var(--s-line); background: var(--s-card); color: var(--s-ink);
  border-radius: 999px; padding: 6px 14px; font-size: 14px; font-weight: 400; align-self: flex-start; }
@media (max-width: 1100px) { .s-chip.still { display: none; } } /* the device is the least of what it tells */
.s-chip.still { cursor: default; border-color: transparent; background: none; padding: 6px 0; }
.s-chip span { color: var(--s-quiet); }

.gradio-container .s-subtabs button[role=tab] { padding-left: 10px; padding-right: 10px; }
.s-leads { align-items: center; }
.s-lead { font-size: 17px; color: var(--s-ink); margin: 4px 0 0 !important; }
.s-card { background: var(--s-card); border: 1px solid var(--s-line); border-radius: 12px; }
.s-scroll { overflow: auto; max-height: 660px; }
.s-tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; }
.s-tile { background: var(--s-card); border: 1px solid var(--s-line); border-radius: 12px; padding: 10px 16px; }
.s-tile span { display: block; color: var(--s-quiet); font-size: 14px; }
.s-tile b { font-size: 22px; font-weight: 700; white-space: nowrap; }

.gradio-container .s-table { border: 0 !important; }
.s-table thead th { position: sticky; top: 0; z-index: 1; }
.s-table { width: 100%; border-collapse: collapse; font-size: 15px; margin: 0 !important; }
.gradio-container .s-table :is(td, tr, thead, tbody) { border: 0 !important; background: none; }
.gradio-container .s-table th { border: 0 !important; }
.gradio-container .s-table th { color: var(--s-quiet); font-weight: 400; font-size: 14px; text-align: left;
  background: var(--s-card); padding: 10px 14px; white-space: nowrap; vertical-align: bottom;
  border-bottom: 1px solid var(--s-line) !important; }
.gradio-container .s-table th.n { white-space: normal; }
.gradio-container .s-table td { padding: 8px 14px; vertical-align: top; white-space: nowrap; line-height: 1.4;
  border-bottom: 1px solid var(--s-line) !important; }
.gradio-container .s-table tr:last-child td { border-bottom: 0 !important; }
.gradio-container .s-table :is(td, th).n { text-align: right; font-variant-numeric: tabular-nums; }
.gradio-container .s-table td.w { white-space: normal; width: 100%; min-width: 110px; overflow-wrap: anywhere; }
.gradio-container .s-table small { color: var(--s-quiet); font-size: 13px; }
.gradio-container .s-table td.f { white-space: normal; min-width: 170px; color: var(--s-quiet); font-size: 14px; }
.s-selection { align-items: center; min-height: 0; }
.s-table tr[data-pick] { cursor: pointer; }
.gradio-container .s-table tr[data-pick]:is(:hover, .picked) td { background: var(--s-soft); }
.s-label { white-space: nowrap; }
/* a text from right to left turns nothing but itself; heaps of accents stay in their row */
:is(.s-label, .s-token b, .s-picked b, .s-buttons button, .s-look span) { unicode-bidi: isolate; }
.gradio-container :is(.s-table td.w, .s-marked) { unicode-bidi: plaintext; text-align: left; }
:is(.s-table td, .s-token b, .s-marked, .s-picked p, .s-buttons button) { overflow: clip; }
.s-label i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }

.s-tokens { display: flex; flex-wrap: wrap; gap: 6px 5px; }
.s-token { border: 1px solid var(--s-line); background: var(--s-card); border-radius: 8px; padding: 4px 9px;
  text-align: center; cursor: default; }
.s-token b { display: block; font: 700 16px var(--font-mono); color: var(--s-ink); white-space: pre; }
.s-token span { font: 400 13px var(--font-mono); color: var(--s-quiet); }
.s-token.joins { border-left: 3px solid var(--s-join); margin-left: -5px; border-radius: 2px 8px 8px 2px; }
.s-token.gap { background: none; border-style: dashed; }
.s-token.special { background: var(--s-soft); border-color: var(--s-accent); }

.s-flow { margin-top: 12px; display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: baseline; font-size: 15px; }
.s-flow i { color: var(--s-quiet); font-style: normal; }
.gradio-container .s-flow code { font: 400 14px var(--font-mono); color: var(--s-quiet); background: none;
  padding: 0 0 0 4px; }
.s-pager { text-align: center; color: var(--s-quiet); font-size: 15px; line-height: 38px; }
.s-picked { position: fixed; bottom: 14px; left: 50%; transform: translateX(-50%); z-index: 20;
  width: calc(100% - 56px) !important; max-width: 1344px; background: var(--s-soft); border: 1px solid var(--s-accent);
  border-radius: 12px; padding: 10px 14px !important; align-items: center; }
.s-picked p { margin: 0 !important; font-size: 15px; }

.s-change { line-height: 1.6; }
.s-change ins { text-decoration: none; font-weight: 700; background: var(--s-soft); color: var(--s-accent);
  border-radius: 4px; padding: 0 3px; }
.s-change del { color: var(--s-quiet); }
.s-text { margin: 0 0 4px !important; font-size: 15px; color: var(--s-ink); }
.s-problem { border: 1px solid #dc2626; border-radius: 12px; padding: 12px 14px; font-size: 15px;
  background: var(--s-card); }
.gradio-container .s-pre { font: 400 14px/1.5 var(--font-mono); white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--s-card); border: 1px solid var(--s-line); border-radius: 8px; padding: 10px 12px; margin: 6px 0 0;
  max-height: 320px; overflow: auto; color: var(--s-ink); }
.s-bar { height: 10px; border-radius: 999px; background: var(--s-line); margin-top: 12px; overflow: hidden; }
.s-bar i { display: block; height: 100%; background: var(--s-accent); }
.s-panel .s-tile { border: 0; padding: 0; background: none; }
.s-panel .s-tiles + .s-text { margin-top: 10px !important; }
.s-panel .s-tiles { grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); }
.gradio-container .s-left { flex: 0 0 340px; }
.s-left .block:not(.s-words) > :is(label, .container):has(> .info-text) { display: grid;
  grid-template-columns: 1fr 116px; column-gap: 12px; align-items: center;
} /* name and help left, value right: half as tall; words go below */
.gradio-container .s-left .block > * > :is([data-testid=block-info], .info-text) { grid-column: 1; margin: 0; }
.s-left .block > * > .info-text + :is(.input-container, .wrap) { grid-column: 2; grid-row: 1 / span 2; margin: 0; }
.s-status { position: relative; }
.gradio-container .s-status > button { position: absolute; top: 10px; right: 14px; width: auto; padding: 5px 18px; }
.s-matrices { display: block; width: 100%; margin: 10px 0 4px; }
.s-matrices text { font: 400 14px Source Sans Pro, sans-serif; fill: var(--s-ink); }
.s-matrices .frozen { fill: var(--s-line); }
.s-matrices .moving { fill: var(--s-accent); }
.gradio-container .s-title { font-size: 17px; font-weight: 700; margin: 8px 0; color: var(--s-ink); }

.s-empty { border: 1px dashed var(--s-line); border-radius: 12px; padding: 24px; color: var(--s-quiet);
  font-size: 16px; text-align: center; }
.gradio-container .s-notes { margin: 8px 0 0 !important; padding: 0 !important; list-style: none;
  color: var(--s-quiet); font-size: 14px; }
.gradio-container .s-notes li { list-style: none; margin: 0; padding: 0; }
.s-notes li::before { content: "Note: "; font-weight: 700; }
.s-buttons { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; font-size: 14px; color: var(--s-quiet); }
.gradio-container .s-buttons > * { margin: 0 !important; }
.s-buttons button { border: 1px solid var(--s-line); background: var(--s-card); color: var(--s-ink); font: inherit;
  border-radius: 999px; padding: 4px 12px; cursor: pointer; }

.s-panel { background: var(--s-card); border: 1px solid var(--s-line); border-radius: 12px; padding: 14px 16px 10px; }
.gradio-container .s-panel h3 { font-size: 16px; font-weight: 700; margin: 0 0 4px; color: var(--s-ink); }
.gradio-container .s-panel header { display: flex; gap: 4px 14px; align-items: baseline; flex-wrap: wrap;
  margin-bottom: 6px; }
.gradio-container .s-panel header h3 { margin: 0; }
.gradio-container .s-panel header p { margin: 0; color: var(--s-quiet); font-size: 14px; }
.s-what { font-size: 14px; color: var(--s-quiet); margin-top: 4px; }
.gradio-container .s-what summary { color: var(--s-quiet); cursor: pointer; width: fit-content; }
.gradio-container .s-what p { margin: 4px 0; font-size: 15px; color: var(--s-ink); max-width: 70ch; }
.s-figure { width: 100%; }
.gradio-container textarea { border-radius: 8px !important; }
.gradio-container .input-container:has(.submit-button) { gap: 10px; align-items: center; }
.gradio-container .input-container:has(.submit-button) textarea { border: 1px solid var(--s-line); }
.gradio-container .submit-button { background: var(--s-fill); color: #fff; border-radius: 8px; padding: 6px 16px;
  font-weight: 700; }
.dark input[type=range] { --neutral-200: var(--s-line); }
.gradio-container input[type=range]::-webkit-slider-thumb { background: var(--s-accent);
  border: 2px solid var(--s-card); }
.gradio-container input[type=range]::-moz-range-thumb { background: var(--s-accent);
  border: 2px solid var(--s-card); }

:is(.s-chip, .s-buttons button, .s-token, tr[data-pick], .s-what summary):focus-visible,
.gradio-container :is(button, input, textarea, a, [tabindex]):focus-visible {
  outline: 2px solid var(--s-accent) !important; outline-offset: 2px; }
.gradio-container :is(input, textarea):focus-visible { outline-offset: -1px; }
/* how far it is: in place of what was there before, not across it */
.wrap.translucent:has(.progress-level) { background: var(--body-background-fill); }
.wrap .progress-level-inner { font-family: inherit; font-size: 15px; }
.s-flush .wrap .error, .s-flush .wrap .clear-status { display: none; } /* the toast says it */
.s-right { width: fit-content !important; align-self: flex-end; padding: 8px 28px; }
.s-switch { padding-bottom: 8px; }
.s-switch .file-preview, .s-switch button .wrap { font-size: 15px; line-height: 1.4; }
"""
