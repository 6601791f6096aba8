/** A name and what there is to say. */
export function Fact({ name, value, note }: { name: string; value: string; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <span className="faint"> ({note})</span>}
      </dd>
    </div>
  );
}
