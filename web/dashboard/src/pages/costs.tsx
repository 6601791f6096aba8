import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { date, money, monthName, NONE, plain } from "../format.ts";
import { Act, BookList, usePages } from "../parts/book.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { Currency, Notes, When } from "../parts/fields.tsx";
import { Field, Form, instant } from "../parts/form.tsx";
import MonthBars from "../parts/month_bars.tsx";
import { Empty, Wait } from "../parts/states.tsx";

type Cost = components["schemas"]["CostSum"];
type Expense = components["schemas"]["Expense"];

/** What the car costs, month by month. */
export default function CostsBook({ carId }: { carId: string }) {
  const costs = useQuery({
    queryKey: ["costs", carId],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/costs", { params: { path: { carId }, query: { by: "month" } } })),
  });
  return (
    <>
      <div className="acts end">
        <DialogButton name="Add an expense" title="An expense">
          {(done) => <ExpenseForm carId={carId} done={done} />}
        </DialogButton>
      </div>
      <Wait for={costs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing was spent yet">Fill-ups, charging and expenses add up here.</Empty>
          ) : (
            <section className="card">
              {[...new Set(items.flatMap(({ currency }) => currency ?? []))].map((currency) => (
                <Months key={currency} currency={currency} items={items.filter((cost) => cost.currency === currency)} />
              ))}
              <Unpriced items={items} />
            </section>
          )
        }
      </Wait>
      <Expenses carId={carId} />
    </>
  );
}

/** Money of different currencies is never added. */
function Months({ currency, items }: { currency: string; items: Cost[] }) {
  const months = [...new Set(items.flatMap(({ month }) => month ?? []))].sort();
  const sum = (month: string, of: (cost: Cost) => number | null | undefined) =>
    items.filter((cost) => cost.month === month).reduce((total, cost) => total + (of(cost) ?? 0), 0);
  return (
    <MonthBars
      label={`Costs by month in ${currency}; the whisker is between what they lie`}
      unit={currency}
      name="Costs"
      months={months.map((month) => ({
        month,
        value: sum(month, ({ amount }) => amount),
        low: sum(month, ({ low, amount }) => low ?? amount),
        high: sum(month, ({ high, amount }) => high ?? amount),
      }))}
    >
      <CostTable items={[...items].reverse()} />
    </MonthBars>
  );
}

function CostTable({ items }: { items: Cost[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Month</th>
          <th scope="col">What</th>
          <th scope="col">Amount</th>
          <th scope="col">Between</th>
          <th scope="col">Entries</th>
        </tr>
      </thead>
      <tbody>
        {items.map((cost) => (
          <tr key={`${cost.month}-${cost.category}-${cost.currency}`}>
            <td>{cost.month && monthName(cost.month)}</td>
            <td>{plain(cost.category)}</td>
            <td>{money(cost.amount, cost.currency)}</td>
            <td>{range(cost)}</td>
            <td>
              {cost.entries}
              {cost.estimated > 0 && <span className="faint"> ({money(cost.estimated, cost.currency)} is estimated)</span>}
              {cost.partial > 0 && <span className="faint"> ({cost.partial} only in part)</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unpriced({ items }: { items: Cost[] }) {
  const unpriced = items.reduce((count, cost) => count + cost.unpriced, 0);
  if (unpriced === 0) return null;
  return <p className="faint">{unpriced} entries have no price: what was spent is more than stands here.</p>;
}

function range({ low, high, currency }: Cost): string {
  if (low == null || high == null || high - low < 0.01) return NONE;
  return `${money(low, currency)} – ${money(high, currency)}`;
}

function Expenses({ carId }: { carId: string }) {
  const pages = usePages<Expense>(["expenses", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/expenses", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  return (
    <>
      <h2>Expenses</h2>
      <BookList pages={pages} empty="No expenses" isDense>
        {(expense) => <ExpenseLine expense={expense} carId={carId} />}
      </BookList>
    </>
  );
}

function ExpenseLine({ expense, carId }: { expense: Expense; carId: string }) {
  const path = { carId, entryId: expense.id };
  // What a session cost is corrected at the session.
  const isMachines = expense.source === "smartcar_sync";
  return (
    <div className="row">
      <span>
        {plain(expense.category)} <strong>{money(expense.amount, expense.currency)}</strong>{" "}
        <span className="faint">{date(expense.occurredAt)}</span> {!isMachines && expense.notes}
      </span>
      {!isMachines && (
        <span className="acts">
          <DialogButton name="Change" title="An expense" about={`${plain(expense.category)}, ${date(expense.occurredAt)}`} look="quiet small">
            {(done) => <ExpenseForm carId={carId} expense={expense} done={done} />}
          </DialogButton>
          <Act
            name="Delete"
            isQuiet
            confirm="Delete this expense?"
            act={() => unwrap(api.DELETE("/api/cars/{carId}/expenses/{entryId}", { params: { path } }))}
          />
        </span>
      )}
    </div>
  );
}

function ExpenseForm({ carId, expense, done }: { carId: string; expense?: Expense; done: () => void }) {
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) => {
        const body = {
          amount: Number(filled["amount"]),
          currency: filled["currency"] ?? "EUR",
          category: filled["category"] ?? "other",
          occurredAt: instant(filled["at"] ?? ""),
          notes: filled["notes"] ?? null,
        };
        return expense
          ? unwrap(
              api.PATCH("/api/cars/{carId}/expenses/{entryId}", {
                params: { path: { carId, entryId: expense.id } },
                body,
              }),
            )
          : unwrap(api.POST("/api/cars/{carId}/expenses", { params: { path: { carId } }, body }));
      }}
    >
      <div className="fields">
        <Field label="Paid" name="amount" type="number" step="0.001" required defaultValue={expense?.amount ?? ""} />
        <Currency currency={expense?.currency} isRequired />
        <Field label="For" name="category" maxLength={64} required list="categories" defaultValue={expense?.category ?? ""} />
        <datalist id="categories">
          {["insurance", "tax", "service", "tyres", "parking", "toll", "wash"].map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
        <When at={expense?.occurredAt} />
      </div>
      <Notes notes={expense?.notes} />
    </Form>
  );
}
