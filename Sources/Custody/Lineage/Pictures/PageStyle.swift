/// How a page looks around its drawing: at a desk and on a phone, light and dark.
enum PageStyle {
  static let text = """
    :root { color-scheme: light dark; \(variables(PictureStyle.light)) }
    @media (prefers-color-scheme: dark) { :root { \(variables(PictureStyle.dark)) } }
    \(PictureStyle.drawing)
    \(page)
    """

  static func variables(_ palette: PictureStyle.Palette) -> String {
    """
    --ground: \(palette.ground); --surface: \(palette.surface); --ink: \(palette.ink); \
    --muted: \(palette.muted); --line: \(palette.line); --edge: \(palette.edge); \
    --accent: \(palette.accent); --tint: \(palette.dataTint);
    """
  }

  private static let page = """
    *, *::before, *::after { box-sizing: border-box; }
    html, body { height: 100%; margin: 0; }
    body { display: flex; flex-direction: column; height: 100dvh; overflow: hidden;
      background: var(--ground); color: var(--ink); font: 14px/1.45 \(PictureStyle.fonts); }
    [hidden] { display: none !important; }
    .unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    header { display: flex; align-items: center; justify-content: space-between; gap: 12px 24px;
      padding: 12px 20px; background: var(--surface); border-bottom: 1px solid var(--line); }
    .titles { min-width: 0; }
    h1 { margin: 0; font-size: 18px; line-height: 1.3; font-weight: 650; letter-spacing: -0.005em;
      overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .titles p { margin: 1px 0 0; font-size: 12.5px; color: var(--muted); overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    .tools { display: flex; align-items: center; gap: 10px; flex: none; }
    button, input { font: inherit; color: inherit; }
    button { height: 34px; padding: 0 12px; border: 1px solid var(--edge); border-radius: 7px;
      background: var(--surface); cursor: pointer; white-space: nowrap; }
    button:hover { background: var(--ground); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .zoom { display: flex; align-items: center; gap: 4px; }
    .zoom button { min-width: 34px; }
    #scale { min-width: 52px; text-align: center; font-size: 12.5px; color: var(--muted);
      font-variant-numeric: tabular-nums; }
    .search { position: relative; }
    #search { width: 250px; height: 34px; padding: 0 10px; border: 1px solid var(--edge);
      border-radius: 7px; background: var(--ground); }
    #search::placeholder { color: var(--muted); opacity: 1; }
    #results { position: absolute; z-index: 3; top: 40px; right: 0; width: 330px; max-width: 92vw;
      max-height: 50vh; overflow: auto; margin: 0; padding: 6px; list-style: none;
      background: var(--surface); border: 1px solid var(--line); border-radius: 9px;
      box-shadow: 0 8px 28px rgb(0 0 0 / 0.18); }
    #results li { padding: 4px 10px; font-size: 12px; color: var(--muted); }
    .link { display: block; width: 100%; height: auto; padding: 5px 10px; border: 0;
      border-radius: 5px; background: none; text-align: start; white-space: normal;
      overflow-wrap: anywhere; }
    .link span { display: block; font-size: 11.5px; color: var(--muted); }
    #results li:has(.link) { padding: 0; font-size: inherit; color: inherit; }
    main { position: relative; flex: 1; min-height: 0; display: flex; }
    #stage { position: relative; flex: 1; min-width: 0; overflow: hidden; }
    #canvas { display: block; width: 100%; height: 100%; touch-action: none; cursor: grab;
      user-select: none; -webkit-user-select: none; }
    #canvas.dragged { cursor: grabbing; }
    .node { cursor: pointer; outline: none; }
    .node:hover .box { stroke-width: 2.25; }
    .node:focus-visible .box { stroke: var(--accent); stroke-width: 3.5; }
    .node.chosen .box { stroke: var(--accent); stroke-width: 3.5; fill: var(--tint); }
    .node.hit .box { stroke: var(--accent); stroke-width: 2.5; }
    .choosing .node:not(.chosen, .up, .down, .hit),
    .searching:not(.choosing) .node:not(.hit) { opacity: 0.28; }
    .choosing .edge:not(.strong), .searching:not(.choosing) .edge { opacity: 0.22; }
    #canvas .later { opacity: 0.08; }
    .later { pointer-events: none; }
    #nothing { position: absolute; inset: 0; display: grid; place-items: center; margin: 0;
      color: var(--muted); }
    #legend { position: absolute; left: 16px; bottom: 14px; max-width: calc(100% - 32px);
      padding: 6px 12px; overflow: auto; background: var(--surface);
      border: 1px solid var(--line); border-radius: 9px; }
    #legend summary { font-size: 12.5px; color: var(--muted); cursor: pointer; }
    #legend svg { display: block; margin-top: 6px; }
    #panel { flex: none; width: 330px; overflow: auto; padding: 16px 18px;
      background: var(--surface); border-left: 1px solid var(--line); }
    #panel h2 { margin: 2px 0 10px; font-size: 16px; line-height: 1.35; overflow-wrap: anywhere; }
    #panel h3 { margin: 16px 0 4px; font-size: 12px; font-weight: 600; color: var(--muted); }
    #panel .kind { margin: 0; font-size: 12px; font-weight: 600; color: var(--muted); }
    #panel .close { float: right; width: 32px; height: 32px; padding: 0; margin: -6px -8px 0 8px;
      border-color: transparent; font-size: 18px; line-height: 1; }
    #panel dl { display: grid; grid-template-columns: minmax(72px, max-content) 1fr;
      gap: 5px 14px; margin: 0; font-size: 13px; }
    #panel dt { max-width: 110px; color: var(--muted); overflow-wrap: anywhere; }
    #panel dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    #panel ul { margin: 0 -10px; padding: 0; list-style: none; }
    #panel .acts { margin: 12px 0 0; }
    #time { display: flex; align-items: center; gap: 14px; padding: 8px 20px;
      background: var(--surface); border-top: 1px solid var(--line); }
    #time label { font-size: 12.5px; color: var(--muted); }
    #moment { flex: 1; min-width: 0; height: 28px; margin: 0; accent-color: var(--accent); }
    #when { min-width: 172px; font-size: 13px; text-align: end;
      font-variant-numeric: tabular-nums; }
    @media (prefers-reduced-motion: no-preference) {
      .moving .node { transition: transform 0.28s ease-out; }
      .node, .edge { transition: opacity 0.15s; }
    }
    @media (max-width: 700px) {
      header { flex-direction: column; align-items: stretch; gap: 8px; padding: 10px 14px; }
      h1 { font-size: 16px; white-space: normal; display: -webkit-box; -webkit-line-clamp: 2;
        -webkit-box-orient: vertical; }
      .titles p { white-space: normal; }
      .tools { flex-wrap: wrap; gap: 8px; }
      .search { flex: 1 0 100%; }
      #search { width: 100%; height: 40px; font-size: 16px; }
      #results { left: 0; right: auto; top: 46px; width: 100%; }
      button { height: 40px; }
      .zoom { margin-left: auto; }
      .zoom button { min-width: 40px; }
      main { flex-direction: column; }
      #panel { width: auto; max-height: 46%; border-left: 0; border-top: 1px solid var(--line); }
      #panel .close { width: 40px; height: 40px; }
      #legend { left: 10px; bottom: 10px; max-width: calc(100% - 20px); }
      #time { padding: 8px 14px; gap: 10px; }
      #when { min-width: 128px; font-size: 12px; }
    }
    """
}
