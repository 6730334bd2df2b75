// Draws the line charts. Everything else on the page is there without this.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const charts = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const figure = (value) =>
    value == null ? "" : value >= 100 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(3));

  // Every power of ten has a line; only those have a number.
  const decades = (values) => values.map((v) => (Math.abs(Math.log10(v) % 1) < 1e-9 ? figure(v) : null));

  function axis(label, more) {
    return Object.assign(
      {
        label,
        labelSize: 22,
        stroke: color("--quiet"),
        grid: { stroke: color("--rule"), width: 1 },
        ticks: { stroke: color("--rule"), width: 1 },
      },
      more
    );
  }

  function series(name, value) {
    return [
      { label: name, value: (_, v) => value(v) },
      ...data.series.map((each, i) => ({
        label: each.label,
        stroke: color("--s" + (i % 6)),
        dash: i < 6 ? undefined : [6, 4],
        width: 2,
        points: { show: true, size: 7, fill: color("--s" + (i % 6)) },
        value: (_, v) => figure(v),
      })),
    ];
  }

  // Whole decades around the values, so that a log axis has at least two numbers.
  function whole(_, least, most) {
    if (least == null || most == null) return [1, 10];
    const from = Math.floor(Math.log10(least));
    return [10 ** from, 10 ** Math.max(from + 1, Math.ceil(Math.log10(most)))];
  }

  function draw(id, make) {
    const place = document.getElementById(id);
    if (!place) return;
    const options = make();
    options.width = place.clientWidth;
    options.height = place.clientWidth < 600 ? 280 : 340;
    charts.push(new uPlot(options, options.rows, place));
  }

  function throughput() {
    const batches = [...new Set(data.series.flatMap((s) => s.batches))].sort((a, b) => a - b);
    return {
      rows: [batches, ...data.series.map((s) => batches.map((b) => s.rates[s.batches.indexOf(b)] ?? null))],
      scales: { x: { time: false, distr: 3, log: 2 }, y: { distr: 3, range: whole } },
      axes: [
        axis("queries handed over at once", { splits: () => batches, filter: (_, v) => v, values: (_, v) => v }),
        axis("queries a second", { size: 64, values: (_, v) => decades(v) }),
      ],
      series: series("at once", figure),
    };
  }

  function latency() {
    const names = data.percentiles;
    return {
      rows: [names.map((_, i) => i), ...data.series.map((s) => s.latencies)],
      scales: { x: { time: false, range: [-0.25, names.length - 0.75] }, y: { distr: 3, range: whole } },
      axes: [
        axis("percentile", { splits: () => names.map((_, i) => i), values: (_, v) => v.map((i) => names[i]) }),
        axis("microseconds", { size: 64, values: (_, v) => decades(v) }),
      ],
      series: series("percentile", (v) => (v == null ? "" : names[v])),
    };
  }

  function all() {
    charts.splice(0).forEach((chart) => chart.destroy());
    draw("throughput", throughput);
    draw("latency", latency);
    document.body.dataset.charts = String(charts.length);
  }

  // On a phone the code waits behind its heading.
  if (innerWidth < 900) document.querySelectorAll("details.code").forEach((code) => (code.open = false));

  try {
    all();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth !== width) {
        width = innerWidth;
        all();
      }
    });
  } catch (failure) {
    document.body.dataset.failure = String(failure);
    document.querySelectorAll(".chart").forEach((place) => {
      place.classList.add("failed");
      place.textContent = "This chart could not be drawn: " + failure;
    });
  }
})();
