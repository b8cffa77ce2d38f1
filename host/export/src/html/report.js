'use strict';

// The page is complete without this. It sorts and filters the table of cases, and draws every sample of a case
// when that case is opened.

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ── Table ──────────────────────────────────────────────────────────────────────────────────────────────

  const table = document.querySelector('.cases');
  const body = table.tBodies[0];
  const filter = document.getElementById('filter');
  // A row and the details that it links to are shown and hidden together.
  const cases = [...body.rows].map((row) => {
    const anchor = row.querySelector('a').hash.slice(1);
    return {
      row,
      details: document.getElementById(anchor)?.closest('details'),
      text: row.textContent.toLowerCase(),
      kinds: row.dataset.kind.split(' '),
    };
  });
  let kind = '';

  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, details, text, kinds } of cases) {
      const isShown = (!kind || kinds.includes(kind)) && words.every((word) => text.includes(word));
      row.hidden = !isShown;
      if (details) details.hidden = !isShown;
      count += isShown;
    }
    const which = kind ? `, only those that are ${kind}` : '';
    document.getElementById('shown').textContent = `${count} of ${cases.length} cases${which}`;
  };

  const showAll = () => {
    kind = '';
    filter.value = '';
    show();
  };

  // Values by size, words by their letters, counts in words by their digits; a cell without a value stands last either way.
  const sortBy = (column, isDescending) => {
    const key = ({ row }) => row.cells[column].dataset.v;
    const text = ({ row }) => row.cells[column].textContent;
    const isNumeric = cases.some((each) => key(each) !== undefined);
    const sign = isDescending ? -1 : 1;
    const compare = (a, b) => {
      if (!isNumeric) return sign * text(a).localeCompare(text(b), undefined, { numeric: true });
      const [x, y] = [key(a), key(b)];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return sign * (x - y);
    };
    body.append(...[...cases].sort(compare).map(({ row }) => row));
  };

  all('thead th', table).forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const isDescending = head.getAttribute('aria-sort') === 'ascending';
      all('[aria-sort]', table).forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      sortBy(column, isDescending);
    });
  });

  filter.addEventListener('input', show);
  document.getElementById('everything').addEventListener('click', showAll);
  all('[data-show]').forEach((chip) => chip.addEventListener('click', () => {
    kind = chip.dataset.show;
    show();
  }));
  all('.controls').forEach((controls) => { controls.hidden = false; });
  show();

  // ── Details ────────────────────────────────────────────────────────────────────────────────────────────

  const openAll = (isOpen) => cases.forEach(({ details }) => {
    if (details && !details.hidden) details.open = isOpen;
  });
  document.getElementById('open').addEventListener('click', () => openAll(true));
  document.getElementById('close').addEventListener('click', () => openAll(false));

  // A link to a case opens it, and shows it even if the filter does not.
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    const details = target?.closest('details.case');
    if (!details) return;
    if (details.hidden) showAll();
    details.open = true;
    details.scrollIntoView();
  };
  addEventListener('hashchange', follow);

  // ── Samples ────────────────────────────────────────────────────────────────────────────────────────────

  const DIGITS = '#$%()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~!';
  const LEVELS = 825;
  const numbers = (text) => text.split(' ').map(Number);

  // Two codes in three digits, a last one alone in two; processes are apart by a space. The first and the last code
  // stand for values beyond the axis, which are listed.
  const unpack = ({ samples, beyond, axis }) => {
    const [lower, upper] = numbers(axis);
    const exact = beyond ? numbers(beyond) : [];
    let next = 0;
    const value = (code) => (code === 0 || code === LEVELS - 1
      ? exact[next++]
      : lower + (upper - lower) * (code - 1) / (LEVELS - 3));
    return samples.split(' ').map((text) => {
      const times = [];
      for (let i = 0; i < text.length; i += 3) {
        const digits = [...text.slice(i, i + 3)];
        const number = digits.reduce((sum, digit) => sum * DIGITS.length + DIGITS.indexOf(digit), 0);
        if (digits.length === 3) times.push(value(Math.floor(number / LEVELS)));
        times.push(value(number % LEVELS));
      }
      return times;
    });
  };

  const element = (name, attributes) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // A point is a line of no length with round caps: one path holds a process, and no size distorts it.
  const dots = (curve, places) => {
    const d = places.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join('');
    return element('path', { class: curve.getAttribute('class') ?? '', d });
  };

  const draw = (charts) => {
    charts.classList.add('drawn');
    const series = unpack(charts.dataset);
    const [lower, upper] = numbers(charts.dataset.axis);
    const total = series.reduce((sum, times) => sum + times.length, 0);
    const x = (index) => (index + 0.5) / total;
    const y = (time) => 1 - Math.min(1, Math.max(0, (time - lower) / (upper - lower)));
    const picture = charts.querySelector('.plot > svg');
    const { width, height } = picture.viewBox.baseVal;
    const ribbons = all('.ribbons path', picture);
    const layer = element('g', { class: 'dots' });
    let begun = 0;
    series.forEach((times, i) => {
      layer.append(dots(ribbons[i], times.map((time, k) => [x(begun + k) * width, y(time) * height])));
      begun += times.length;
    });
    picture.append(layer);
    inspect(charts, series, total, { x, y });
  };

  // ── One sample ─────────────────────────────────────────────────────────────────────────────────────────

  const duration = (ns) => {
    const units = [['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]];
    const [unit, size] = units.find(([, size]) => ns >= size) ?? units[3];
    return `${(ns / size).toPrecision(4)} ${unit}`;
  };

  // Pointer and arrow keys name a sample.
  const inspect = (charts, series, total, { x, y }) => {
    const plot = charts.querySelector('.plot');
    const names = all('tbody th', charts.nextElementSibling).map((head) => head.textContent);
    const height = Number(plot.firstElementChild.getAttribute('height'));
    const readout = document.createElement('output');
    readout.className = 'readout';
    readout.textContent = 'Point at a sample, or step with the arrow keys.';
    plot.after(readout);
    const ring = element('circle', { class: 'ring', r: 5 });
    let chosen = -1;

    const choose = (index) => {
      chosen = Math.min(total - 1, Math.max(0, index));
      let [i, k] = [0, chosen];
      while (k >= series[i].length) k -= series[i++].length;
      ring.setAttribute('cx', `${x(chosen) * 100}%`);
      ring.setAttribute('cy', y(series[i][k]) * height);
      plot.append(ring);
      readout.textContent = `Process ${names[i]}: sample ${k + 1} of ${series[i].length}, ${duration(series[i][k])}`;
    };

    plot.addEventListener('pointermove', (event) => {
      const box = plot.getBoundingClientRect();
      choose(Math.floor((event.clientX - box.left) / box.width * total));
    });
    plot.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(chosen + step);
    });
  };

  document.addEventListener('toggle', ({ target }) => {
    if (!target.open || !target.matches('details.case')) return;
    all('.samples:not(.drawn)', target).forEach(draw);
  }, true);
  follow();
})();
