extension PageScript {
  static let search = #"""
    // Search: in names, owners and facts.
    const texts = data.nodes.map((each) =>
      [each.kind, each.label, ...each.facts.flat()].join("\n").toLowerCase());
    const resultCountMax = 40;
    let matches = [];
    let match = -1;
    function applySearch() {
      const terms = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      matches = terms.length
        ? texts.flatMap((text, index) => (terms.every((term) => text.includes(term)) ? index : []))
        : [];
      canvas.classList.toggle("searching", terms.length > 0);
      const hits = new Set(matches.map((index) => boxFor(index)));
      for (const [id, element] of boxes) element.classList.toggle("hit", hits.has(id));
      return terms.length > 0;
    }
    function listMatches(isOpen) {
      const list = $("results");
      list.hidden = !isOpen;
      list.replaceChildren();
      if (!isOpen) return;
      const rest = matches.length - resultCountMax;
      list.append(make("li", matches.length ? count(matches.length, "node") : "Nothing found"));
      for (const index of matches.slice(0, resultCountMax)) {
        const item = make("li");
        item.append(link(`n${index}`));
        list.append(item);
      }
      if (rest > 0) list.append(make("li", `and ${rest} more`));
    }
    function link(id) {
      const button = make("button", name(id), "link");
      button.type = "button";
      button.dir = "auto";
      button.append(make("span", about(id)));
      button.addEventListener("click", () => {
        listMatches(false);
        if (node(id)) go(+id.slice(1));
        else focusOn(id);
      });
      return button;
    }
    $("search").addEventListener("input", () => {
      match = -1;
      listMatches(applySearch());
      if (matches.length) say(count(matches.length, "node") + " found");
    });
    $("search").addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") $("results").querySelector("button")?.focus();
      if (event.key !== "Enter" || !matches.length) return;
      match = (match + 1) % matches.length;
      listMatches(false);
      go(matches[match]);
    });
    document.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".search")) listMatches(false);
    });

    """#

  static let panel = #"""
    // The panel beside the drawing.
    function describe(id, up, down) {
      const panel = $("panel");
      const wasHidden = panel.hidden;
      panel.hidden = id === null;
      panel.replaceChildren();
      if (wasHidden !== panel.hidden) frame();
      if (id === null) return;
      const each = node(id);
      const close = make("button", "×", "close");
      close.type = "button";
      close.setAttribute("aria-label", "Close details");
      close.addEventListener("click", () => { choose(null); focusOn(current, false); });
      const heading = make("h2", name(id));
      heading.dir = "auto";
      panel.append(close, make("p", each.kind, "kind"), heading);
      const list = make("dl");
      for (const [term, value] of each.facts) {
        const text = make("dd", value);
        text.dir = "auto";
        list.append(make("dt", term), text);
      }
      panel.append(list);
      const folded = groupOf.get(id);
      if (isFoldable && folded !== undefined) {
        const acts = make("p", undefined, "acts");
        const button = make("button", "Fold its group");
        button.type = "button";
        button.addEventListener("click", fold);
        acts.append(button);
        panel.append(acts);
      }
      const there = (line) => !line.element.classList.contains("later");
      const [before, behind] = [shown.get(id).in.filter(there), shown.get(id).out.filter(there)];
      neighbors(panel, "Comes from", before.map((line) => line.source), up.size);
      neighbors(panel, "Goes to", behind.map((line) => line.target), down.size);
      panel.scrollTop = 0;
      say(`${name(id)}: ${up.size} upstream, ${down.size} downstream`);
    }
    function neighbors(panel, title, ids, all) {
      const next = [...new Set(ids)];
      panel.append(make("h3", next.length === 0 ? `${title} nothing here`
        : `${title} ${next.length}` + (all > next.length ? `, in all ${all}` : "")));
      const list = make("ul");
      for (const id of next) {
        const item = make("li");
        item.append(link(id));
        list.append(item);
      }
      panel.append(list);
    }

    """#

  static let moving = #"""
    // The camera: zoom and pan.
    const [scaleMin, scaleMax] = [0.03, 4];
    const pad = 28;
    const boxSize = (id) => ({ width: +boxes.get(id).dataset.width, height: 48 });
    const clamped = (scale) => Math.min(scaleMax, Math.max(scaleMin, scale));
    function frame() {
      canvas.setAttribute("viewBox", `0 0 ${stage.clientWidth || 1} ${stage.clientHeight || 1}`);
    }
    function look() {
      view.setAttribute("transform",
        `translate(${camera.x.toFixed(2)} ${camera.y.toFixed(2)}) scale(${camera.scale.toFixed(4)})`);
      $("scale").textContent = `${Math.round(camera.scale * 100)} %`;
    }
    function fit() {
      frame();
      const { width, height } = data.scenes[scene];
      const [across, down] = [stage.clientWidth, stage.clientHeight];
      const scale = Math.min((across - 2 * pad) / width, (down - 2 * pad - 24) / height, 1.25);
      camera.scale = clamped(width ? scale : 1);
      camera.x = (across - width * camera.scale) / 2;
      camera.y = (down - 24 - height * camera.scale) / 2;
      look();
    }
    // Where the whole would be too small to read, what is current, in the middle.
    function settle() {
      fit();
      const isPhone = stage.clientWidth < 700;
      const isOverview = isFoldable && scene === 0 && !isPhone;
      if (current && !isOverview && camera.scale < (isPhone ? 0.6 : 0.3)) {
        zoomTo(0.75, current);
        keepFilled();
      }
      settled = { ...camera };
    }
    // A phone that is turned, or a window that gets its size late, begins anew unless somebody moved.
    let settled = null;
    function resettle() {
      const isAsSettled = settled && ["x", "y", "scale"].every((key) => settled[key] === camera[key]);
      if (isAsSettled) settle();
      else {
        frame();
        look();
      }
    }
    // No empty edge where the drawing has more to show: a box at its border is not in the middle then.
    function keepFilled() {
      const drawing = data.scenes[scene];
      const kept = (start, length, all) =>
        length + 2 * pad <= all ? (all - length) / 2
          : Math.max(all - pad - length, Math.min(pad, start));
      camera.x = kept(camera.x, drawing.width * camera.scale, stage.clientWidth);
      camera.y = kept(camera.y, drawing.height * camera.scale, stage.clientHeight - 24);
      look();
    }
    function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
      const scale = clamped(camera.scale * factor);
      camera.x = x - (x - camera.x) * (scale / camera.scale);
      camera.y = y - (y - camera.y) * (scale / camera.scale);
      camera.scale = scale;
      look();
    }
    function zoomTo(scale, id) {
      const [box, size] = [shown.get(id), boxSize(id)];
      camera.scale = clamped(scale);
      camera.x = stage.clientWidth / 2 - (box.x + size.width / 2) * camera.scale;
      camera.y = stage.clientHeight / 2 - (box.y + size.height / 2) * camera.scale;
      look();
    }
    function bringIntoView(id) {
      const [box, size] = [shown.get(id), boxSize(id)];
      const shift = (start, length, all) => {
        const end = start + length;
        return start < pad ? pad - start : end > all - pad ? Math.max(all - pad - end, pad - start)
          : 0;
      };
      camera.x += shift(camera.x + box.x * camera.scale, size.width * camera.scale,
        stage.clientWidth);
      camera.y += shift(camera.y + box.y * camera.scale, size.height * camera.scale,
        stage.clientHeight);
      look();
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const area = canvas.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)),
        event.clientX - area.left, event.clientY - area.top);
    }, { passive: false });

    // One pointer pans, two pinch.
    const pointers = new Map();
    let start = null;
    let isDragged = false;
    const middle = () => {
      const [first, second] = [...pointers.values()];
      const area = canvas.getBoundingClientRect();
      return {
        x: (first.x + second.x) / 2 - area.left, y: (first.y + second.y) / 2 - area.top,
        apart: Math.hypot(first.x - second.x, first.y - second.y) || 1,
      };
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.size === 1) {
        isDragged = false;
        start = { x: event.clientX, y: event.clientY };
      }
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const old = pointers.size === 2 ? middle() : null;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (old) {
        const now = middle();
        isDragged = true;
        camera.x += now.x - old.x;
        camera.y += now.y - old.y;
        zoom(now.apart / old.apart, now.x, now.y);
      } else if (pointers.size === 1) {
        if (!isDragged && Math.hypot(event.clientX - start.x, event.clientY - start.y) < 5) return;
        if (!isDragged) {
          isDragged = true;
          canvas.setPointerCapture(event.pointerId);
          canvas.classList.add("dragged");
          camera.x += event.clientX - start.x - (event.clientX - before.x);
          camera.y += event.clientY - start.y - (event.clientY - before.y);
        }
        camera.x += event.clientX - before.x;
        camera.y += event.clientY - before.y;
        look();
      }
    });
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
      canvas.addEventListener(kind, (event) => {
        pointers.delete(event.pointerId);
        if (!pointers.size) canvas.classList.remove("dragged");
      });
    }
    canvas.addEventListener("click", (event) => {
      if (isDragged) return;
      const box = event.target.closest(".node");
      if (box) open(box.id);
      else choose(null);
    });
    $("in").addEventListener("click", () => zoom(1.25));
    $("out").addEventListener("click", () => zoom(0.8));
    $("fit").addEventListener("click", fit);

    """#

  static let keys = #"""
    // Keys.
    function neighbor(key) {
      const box = shown.get(current);
      if (!box) return null;
      const near = (ids) => ids.map((id) => shown.get(id)).sort((left, right) =>
        Math.abs(left.y - box.y) - Math.abs(right.y - box.y))[0];
      // To the right and left as drawn: an edge against the flow leads the other way.
      const others = (isRight) => [
        ...box.out.filter((line) => !line.isAgainst === isRight).map((line) => line.target),
        ...box.in.filter((line) => !line.isAgainst !== isRight).map((line) => line.source),
      ].filter((id) => id !== current);
      if (key === "ArrowRight") return near(others(true));
      if (key === "ArrowLeft") return near(others(false));
      const isDown = key === "ArrowDown";
      return [...shown.values()].filter((other) => isDown ? other.y > box.y : other.y < box.y)
        .sort((left, right) => (Math.abs(left.y - box.y) + 4 * Math.abs(left.x - box.x))
          - (Math.abs(right.y - box.y) + 4 * Math.abs(right.x - box.x)))[0];
    }
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") {
        $("search").value = "";
        listMatches(false);
        applySearch();
        choose(null);
        focusOn(current, false);
        return;
      }
      const isTyping = event.target.closest("input");
      if (isTyping) return;
      const box = event.target.closest(".node");
      if (event.key === "/") {
        $("search").focus();
        $("search").select();
      } else if (event.key === "+" || event.key === "=") zoom(1.25);
      else if (event.key === "-") zoom(0.8);
      else if (event.key === "0") fit();
      else if (box && (event.key === "Enter" || event.key === " ")) open(box.id);
      else if (event.key.startsWith("Arrow") && !event.target.closest("aside, .search")) {
        const next = neighbor(event.key);
        if (next) focusOn(next.id);
      } else return;
      event.preventDefault();
    });
    addEventListener("resize", resettle);

    for (const [id, element] of boxes) {
      element.setAttribute("aria-label", `${name(id)}, ${about(id)}`);
    }
    show(0, true);
    settle();

    """#
}
