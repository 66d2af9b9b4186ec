// The import table of ARCHITECTURE.md ("Rooms"), checked in CI. A room may import itself and the rooms listed.
const rooms = {
  wafer: [],
  physics: ['wafer'],
  drivers: ['wafer'],
  db: ['wafer'],
  acquisition: ['wafer', 'drivers', 'db'],
  analysis: ['wafer', 'physics', 'db'],
  training: ['wafer', 'physics', 'db', 'analysis/die-model.ts'],
};

const all = [
  'wafer',
  'physics',
  'drivers',
  'db',
  'acquisition',
  'analysis',
  'training',
  'scripts',
  'test',
  'benchmarks',
];

/** Own modules outside the room and outside what it may import. */
function forbiddenFor(room, allowed) {
  const open = [room, ...allowed];
  const closed = all.filter((other) => !open.includes(other));
  const partly = allowed.filter((path) => path.endsWith('.ts'));
  return {
    name: `room-${room}`,
    comment: `${room} may import ${open.join(', ')}`,
    severity: 'error',
    from: { path: `^${room}/`, pathNot: '^drivers/simulated/' },
    to: {
      path: closed.map((other) => `^${other}/`),
      ...(partly.length > 0 && { pathNot: partly.map((path) => `^${path.replaceAll('.', '\\.')}$`) }),
    },
  };
}

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) => forbiddenFor(room, allowed)),
    {
      name: 'room-drivers-simulated',
      comment: 'the simulated bench may import wafer, physics and drivers',
      severity: 'error',
      from: { path: '^drivers/simulated/' },
      to: { path: '^(db|acquisition|analysis|training|scripts|test|benchmarks)/' },
    },
    {
      name: 'acquisition-sees-only-driver-interfaces',
      comment: 'a real bench is opened by scripts/; acquisition knows capabilities, never a concrete driver',
      severity: 'error',
      from: { path: '^acquisition/' },
      to: { path: '^drivers/', pathNot: '^drivers/capabilities\\.ts$' },
    },
    {
      name: 'simulated-never-at-run-time',
      comment: 'only the simulate and demo commands, tests and benchmarks may import the simulated bench',
      severity: 'error',
      from: { pathNot: '^(drivers/simulated/|scripts/simulate\\.ts$|scripts/demo\\.ts$|test/|benchmarks/)' },
      to: { path: '^drivers/simulated/' },
    },
    {
      name: 'sql-only-in-db',
      comment: 'db is the only room that knows SQL',
      severity: 'error',
      from: { pathNot: '^(db|test|benchmarks)/' },
      to: { path: 'node_modules/better-sqlite3' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-barrel',
      comment: 'no barrel files',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index\\.(ts|js)$', pathNot: 'node_modules' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(training/kernels/assembly|physics/crossbar/kernels/assembly|dist|out)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
