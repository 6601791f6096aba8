import { useState, type FormEvent } from "react";

import { signIn } from "../session.ts";

/** People come here from Carvetka with their token; whoever comes without one may bring it by hand. */
export function SignIn() {
  const [token, setToken] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    if (token.trim()) signIn(token.trim());
  }
  return (
    <section className="card narrow">
      <h1>Please come in from Carvetka</h1>
      <p>
        Open this page from your garage in Carvetka: it hands over who you are. If you develop against it, paste an access
        token of Supabase.
      </p>
      <form onSubmit={submit}>
        <label>
          Access token
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <button type="submit">Continue</button>
      </form>
    </section>
  );
}
