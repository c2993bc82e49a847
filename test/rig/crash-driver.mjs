// Runs a project with the built program and kills itself with SIGKILL at the n-th notice: the record before it is durable,
// what it wanted is not done. Usage: node crash-driver.mjs <dist> <project> <kill-at, 0 for never> <self> <kinds counted>
// Prints one line per notice, and the rest code at the end.
const [dist, root, killAt, self, kinds] = process.argv.slice(2);
const { run } = await import(`${dist}/runner/run.js`);
const { projectAt } = await import(`${dist}/effects/project.js`);

let count = 0;
const publish = (notice) => {
  if (!kinds.split(',').includes(notice.type)) return;
  count += 1;
  process.stdout.write(`${notice.type} ${notice.state?.value ?? notice.event?.type ?? ''}\n`);
  if (count === Number(killAt)) process.kill(process.pid, 'SIGKILL');
};
const end = await run(await projectAt(root), {
  publish,
  signal: new AbortController().signal,
  until: (situation) => situation.rest !== null,
  self: [process.execPath, self],
});
process.stdout.write(`rest ${end.type} ${end.situation?.rest}\n`);
