/// What a page does: plain JavaScript without libraries.
///
/// Names from data become text nodes and attribute values only, never markup.
enum PageScript {
  static let text = state + scenes + following + moments + search + panel + moving + keys

  private static let state = #"""
    "use strict";
    const $ = (id) => document.getElementById(id);
    const data = JSON.parse($("data").textContent);
    const [stage, canvas, view, lineLayer] = [$("stage"), $("canvas"), $("view"), $("lines")];
    // Every box there is, by id; those of the drawing shown stand in `shown`.
    const boxes = new Map([...$("boxes").children].map((element) => [element.id, element]));
    const groupOf = new Map();
    data.groups.forEach((group, index) => {
      for (const member of group.members) groupOf.set(`n${member}`, index);
    });
    const isFoldable = data.scenes.length > 1;
    const last = data.scenes.length - 1;
    let scene = 0;
    let shown = new Map();
    let lines = [];
    let chosen = null;
    let current = null;
    let camera = { x: 0, y: 0, scale: 1 };

    const node = (id) => (id[0] === "n" ? data.nodes[+id.slice(1)] : null);
    const group = (id) => (id[0] === "g" ? data.groups[+id.slice(1)] : null);
    const name = (id) => (node(id) ? node(id).label : group(id).name) || "(no name)";
    const about = (id) =>
      node(id) ? boxes.get(id).querySelector(".detail").textContent
        : `${group(id).members.length} nodes, folded`;
    const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
    function say(text) { $("said").textContent = text; }
    function make(tag, text, className) {
      const element = document.createElement(tag);
      if (text !== undefined) element.textContent = text;
      if (className) element.className = className;
      return element;
    }

    """#

  private static let scenes = #"""
    // Drawings: all groups folded, one unfolded, every node.
    function show(index, isFirst) {
      scene = index;
      const drawing = data.scenes[index];
      shown = new Map();
      if (!isFirst) canvas.classList.add("moving");
      drawing.boxes.forEach(([id, x, y], place) => {
        shown.set(id, { id, x, y, out: [], in: [], place });
        boxes.get(id).style.transform = `translate(${x}px, ${y}px)`;
      });
      for (const [id, element] of boxes) {
        if (shown.has(id)) element.removeAttribute("display");
        else element.setAttribute("display", "none");
      }
      lineLayer.replaceChildren();
      lines = drawing.lines.map(([from, to, kind, isAgainst, path, edges]) => {
        const [source, target] = [drawing.boxes[from][0], drawing.boxes[to][0]];
        const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
        const line = { source, target, edges, element, isAgainst, kind: data.kinds[kind] };
        element.setAttribute("d", path);
        element.setAttribute("class", `edge e-${line.kind}${isAgainst ? " against" : ""}`);
        const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
        const label = edges.length === 1 && data.edges[edges[0]][4];
        const kinds = [...new Set(edges.map((edge) => data.kinds[data.edges[edge][2]]))];
        title.textContent = `${name(source)} → ${name(target)}: ${kinds.join(", ")}` +
          (edges.length > 1 ? ` (${edges.length} edges)` : "") + (label ? `, ${label}` : "") +
          (isAgainst ? ", against the flow" : "");
        element.append(title);
        lineLayer.append(element);
        shown.get(source).out.push(line);
        shown.get(target).in.push(line);
        return line;
      });
      markArrows();
      const button = $("fold");
      button.hidden = !isFoldable;
      button.textContent = index === 0 ? "Unfold all" : "Fold all";
      current = shown.has(current) ? current : focusBox();
      for (const [id, element] of boxes) element.tabIndex = id === current ? 0 : -1;
      if (chosen && !shown.has(chosen)) chosen = null;
      choose(chosen);
      applyMoment();
      applySearch();
      if (!isFirst) setTimeout(() => canvas.classList.remove("moving"), 320);
    }
    function markArrows() {
      for (const { element, kind, isAgainst } of lines) {
        if (kind === "contains") continue;
        const arrow = element.classList.contains("strong") ? "arrow-strong"
          : isAgainst ? "arrow-against" : "arrow";
        element.setAttribute("marker-end", `url(#${arrow})`);
      }
    }
    // Where the picture was asked about, or what stands for it.
    function focusBox() {
      for (const index of data.focus) {
        const id = boxFor(index);
        if (id) return id;
      }
      return shown.keys().next().value ?? null;
    }
    function boxFor(index) {
      const id = `n${index}`;
      if (shown.has(id)) return id;
      const folded = `g${groupOf.get(id)}`;
      return shown.has(folded) ? folded : null;
    }
    function unfold(index) {
      const place = data.scenes.findIndex((each) => each.group === index);
      show(place < 0 ? last : place);
      current = `n${data.groups[index].members[0]}`;
      settle();
      focusOn(current, false);
      say(`${data.groups[index].name} unfolded`);
    }
    function fold() {
      const back = scene === 0 ? null : chosen ?? current;
      const isGroup = back && groupOf.has(back);
      show(0);
      if (isGroup) current = `g${groupOf.get(back)}`;
      settle();
      focusOn(current, false);
      say("All groups folded");
    }
    $("fold").addEventListener("click", () => {
      if (scene !== 0) return fold();
      show(last);
      fit();
      say("Every node is shown");
    });

    """#

  private static let following = #"""
    // What lies before and behind a box.
    function reach(start, isForward) {
      const [found, used, queue] = [new Set(), new Set(), [start]];
      while (queue.length) {
        const box = shown.get(queue.pop());
        for (const line of isForward ? box.out : box.in) {
          if (line.element.classList.contains("later")) continue;
          used.add(line);
          const next = isForward ? line.target : line.source;
          if (next === start || found.has(next)) continue;
          found.add(next);
          queue.push(next);
        }
      }
      return { found, used };
    }
    function choose(id) {
      chosen = id;
      canvas.classList.toggle("choosing", id !== null);
      const up = id ? reach(id, false) : { found: new Set(), used: new Set() };
      const down = id ? reach(id, true) : { found: new Set(), used: new Set() };
      for (const [key, element] of boxes) {
        element.classList.toggle("chosen", key === id);
        element.classList.toggle("up", up.found.has(key));
        element.classList.toggle("down", down.found.has(key));
        if (key[0] === "n") element.setAttribute("aria-pressed", String(key === id));
        else element.setAttribute("aria-expanded", "false");
      }
      for (const line of lines) {
        line.element.classList.toggle("strong", up.used.has(line) || down.used.has(line));
      }
      markArrows();
      describe(id, up.found, down.found);
    }
    function open(id) {
      focusOn(id, false);
      if (group(id)) return unfold(+id.slice(1));
      choose(id);
      bringIntoView(id);
    }
    function focusOn(id, isMoving = true) {
      if (!id || !shown.has(id)) return;
      if (boxes.has(current)) boxes.get(current).tabIndex = -1;
      current = id;
      boxes.get(id).tabIndex = 0;
      boxes.get(id).focus({ preventScroll: true });
      if (isMoving) bringIntoView(id);
    }
    // A node, whatever drawing it is in.
    function go(index) {
      const id = `n${index}`;
      if (!shown.has(id)) {
        const place = data.scenes.findIndex((each) => each.boxes.some((box) => box[0] === id));
        show(place);
        fit();
      }
      choose(id);
      if (camera.scale < 0.5) zoomTo(0.8, id);
      focusOn(id);
    }

    """#

  private static let moments = #"""
    // Time: what came to be later than the moment fades out.
    const begins = data.nodes.map((each) => each.start);
    data.nodes.forEach((each, index) => {
      if (each.start !== null) return;
      const times = data.edges.filter((edge) => edge[0] === index || edge[1] === index)
        .map((edge) => edge[3]);
      // Without a time of its own, it is there from its first edge on.
      if (times.length && times.every((time) => time !== null)) begins[index] = Math.min(...times);
    });
    const appears = data.edges.map(([source, target, , time]) =>
      Math.max(time ?? -Infinity, begins[source] ?? -Infinity, begins[target] ?? -Infinity));
    const moments = [...new Set([
      ...begins, ...data.edges.map((edge) => edge[3]),
      ...data.nodes.flatMap((each) => [each.end, each.gone]),
    ].filter((time) => time !== null))].sort((left, right) => left - right);
    const words = new Map();
    function written(time) {
      const date = new Date(time);
      return isNaN(date) ? `${time} ms`
        : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    }
    const isErased = (state) => state === "erased" || state === "partly-erased";
    const inWords = (state) => (state === "partly-erased" ? "erased in part" : state);
    function stateAt(each, time) {
      if (each.gone !== null && time < each.gone && isErased(each.state)) return null;
      if (each.end !== null && time < each.end && each.kind === "run") return "running";
      return each.state ?? null;
    }
    function applyMoment() {
      const isAll = +$("moment").value >= moments.length;
      const time = isAll ? Infinity : moments[+$("moment").value];
      const isLater = (index) => (begins[index] ?? -Infinity) > time;
      for (const [id, element] of boxes) {
        const folded = group(id);
        element.classList.toggle("later",
          folded ? folded.members.every(isLater) : isLater(+id.slice(1)));
        if (!folded && node(id).state) applyState(id, element, stateAt(node(id), time));
      }
      for (const line of lines) {
        line.element.classList.toggle("later", line.edges.every((edge) => appears[edge] > time));
      }
      const text = isAll ? `all, as of ${data.moment}` : written(time);
      $("when").textContent = text;
      $("moment").setAttribute("aria-valuetext", text);
    }
    function applyState(id, element, state) {
      const then = node(id).state;
      for (const each of ["running", "completed", "failed", "aborted", "erased", "partly-erased"]) {
        element.classList.toggle(`s-${each}`, each === state);
      }
      const sign = element.querySelector(".sign");
      if (state) sign.setAttribute("href", `#sign-${state}`);
      sign.style.visibility = state ? "visible" : "hidden";
      const detail = element.querySelector(".detail");
      if (!words.has(id)) words.set(id, detail.textContent);
      detail.textContent = state === then ? words.get(id)
        : words.get(id).replace(` ${inWords(then)}`, state ? ` ${inWords(state)}` : "");
    }
    if (moments.length > 1) {
      $("time").hidden = false;
      $("moment").max = moments.length;
      $("moment").value = moments.length;
      $("moment").addEventListener("input", () => {
        applyMoment();
        choose(chosen);
      });
    }

    """#
}
