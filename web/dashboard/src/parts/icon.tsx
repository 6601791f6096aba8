// Small pictures beside words: drawn here, since not every device has a font that knows them.

const PATHS = {
  counter: "M3 16a7 7 0 1 1 14 0M10 16l4-6",
  fuel: "M4 17V4h7v13M3 17h9M6 7h3M11 9h2l2 2v4a1.5 1.5 0 0 0 3 0V8l-3-3",
  charge: "M11 2 4 11h5l-1 7 7-9h-5z",
  drive: "M3 10h13M11 5l5 5-5 5",
  battery: "M3 7h12v7H3zM15 9h2v3h-2",
  alert: "M10 3 2 17h16zM10 8v4M10 14.5v.5",
  money: "M10 3v14M14 6c-1-1.5-7-2-7 1s7 2 7 5-6 3-8 1",
  place: "M10 18s-6-6-6-10a6 6 0 0 1 12 0c0 4-6 10-6 10zM10 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  issue: "M4 17l1-4L14 4l3 3-9 9z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.6">
      <path d={PATHS[name]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
