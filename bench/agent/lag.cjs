// Preloaded into a measured Node process: how late its event loop was, written to $BENCH_LAG when it ends.
const { writeFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const histogram = monitorEventLoopDelay({ resolution: 5 });
histogram.enable();
process.on('exit', () => {
  // The timer itself is 5 ms long; what is over that is lag.
  const lag = (part) => Math.max(0, histogram.percentile(part) / 1e6 - 5);
  const text = JSON.stringify({ p50: lag(50), p99: lag(99), max: Math.max(0, histogram.max / 1e6 - 5) });
  writeFileSync(process.env.BENCH_LAG, text);
});
