/// How the page of an export looks: on a phone, at a desk and on paper, light and dark.
enum DossierStyle {
  /// Everything before the first heading. The policy lets the page load and run nothing.
  static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
    style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>What is held about you</title>
    <style>\(text)</style>
    </head>
    <body>
    <main>

    """

  private static let text = """
    :root { color-scheme: light dark; \(PageStyle.variables(PictureStyle.light)) }
    @media (prefers-color-scheme: dark) { :root { \(PageStyle.variables(PictureStyle.dark)) } }
    *, *::before, *::after { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.55 \(PictureStyle.fonts); }
    main { max-width: 64rem; margin: 0 auto; padding: 24px 16px 64px; }
    h1 { font-size: 28px; line-height: 1.2; margin: 8px 0 12px; }
    h2 { font-size: 20px; margin: 0 0 4px; }
    h3 { font-size: 16px; margin: 20px 0 4px; overflow-wrap: anywhere; }
    section { margin-top: 20px; padding: 16px; background: var(--surface);
      border: 1px solid var(--line); border-radius: 10px; }
    p { margin: 0 0 8px; }
    .none, section > p, footer, th, summary, em { color: var(--muted); }
    .wide { overflow-x: auto; }
    table { width: 100%; border-collapse: collapse; font-size: 14px; }
    th, td { padding: 6px 12px 6px 0; text-align: start; vertical-align: top;
      border-bottom: 1px solid var(--line); overflow-wrap: anywhere; unicode-bidi: isolate; }
    th { font-weight: 600; overflow-wrap: normal; }
    th:empty { padding: 0; border: 0; }
    pre { margin: 0; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap;
      overflow-wrap: anywhere; }
    a { color: var(--accent); }
    summary { cursor: pointer; font-size: 14px; }
    footer { margin-top: 20px; font-size: 14px; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    @media print {
      :root { \(PageStyle.variables(PictureStyle.light)) }
      body { background: none; font-size: 11pt; }
      main { max-width: none; padding: 0; }
      section { border: 0; padding: 0; }
      tr { break-inside: avoid; }
      .wide { overflow: visible; }
    }
    """
}
