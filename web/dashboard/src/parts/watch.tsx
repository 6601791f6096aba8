import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "../api.ts";
import { moment } from "../format.ts";
import { Check } from "./form.tsx";
import { Trouble, Wait } from "./states.tsx";

/** Whether somebody is told when the standing car leaves its place. */
export function Watch({ carId }: { carId: string }) {
  const params = { path: { carId } };
  const queries = useQueryClient();
  const watch = useQuery({
    queryKey: ["watch", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/watch", { params })),
  });
  const turn = useMutation({
    mutationFn: (isWatched: boolean) => unwrap(api.PATCH("/api/cars/{carId}/watch", { params, body: { isWatched } })),
    onSuccess: (said) => queries.setQueryData(["watch", carId], said),
  });
  return (
    <section className="card">
      <Wait for={watch}>
        {({ isWatched, since }) => (
          <>
            <Check
              label="Tell me when the parked car leaves its place"
              // Whoever ticks it sees the tick at once.
              checked={turn.isPending ? turn.variables : isWatched}
              disabled={turn.isPending}
              onChange={() => turn.mutate(!isWatched)}
            />
            {since && <p className="faint">Watched since {moment(since)}</p>}
          </>
        )}
      </Wait>
      {turn.isError && <Trouble error={turn.error} />}
    </section>
  );
}
