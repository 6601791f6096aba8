import { api, unwrap, type components } from "../api.ts";
import { AlertLine } from "../parts/alert.tsx";
import { BookList, usePages } from "../parts/book.tsx";
import { Watch } from "../parts/watch.tsx";

type Alert = components["schemas"]["Alert"];

/** What was not as it should be. */
export default function AlertsBook({ carId }: { carId: string }) {
  const pages = usePages<Alert>(["alerts", carId], (cursor) =>
    unwrap(api.GET("/api/cars/{carId}/alerts", { params: { path: { carId }, query: cursor ? { cursor } : {} } })),
  );
  return (
    <>
      <Watch carId={carId} />
      <BookList pages={pages} empty="All is well" about="Missing fuel, a car that is towed, a tyre that loses air: they would stand here.">
        {(alert) => <AlertLine alert={alert} carId={carId} />}
      </BookList>
    </>
  );
}
