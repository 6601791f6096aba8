import { Link, Route, Router, Switch } from "wouter";

import { CarPage } from "./pages/car.tsx";
import { Garage } from "./pages/garage.tsx";
import { SignIn } from "./pages/sign_in.tsx";
import { signOut, useSignedIn } from "./session.ts";
import { Empty } from "./parts/states.tsx";

/** Where the api serves these pages. */
const BASE = "/app";

export function App() {
  const isSignedIn = useSignedIn();
  return (
    <Router base={BASE}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <Link href="/" className="brand">
          Carvetka sync
        </Link>
        {isSignedIn && (
          <button className="quiet" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        {isSignedIn ? (
          <Switch>
            <Route path="/">
              <Garage />
            </Route>
            <Route path="/cars/:carId/:book?">{({ carId, book }) => <CarPage carId={carId} book={book} />}</Route>
            <Route>
              <Empty title="There is no such page">
                <Link href="/">Back to the garage</Link>
              </Empty>
            </Route>
          </Switch>
        ) : (
          <SignIn />
        )}
      </main>
    </Router>
  );
}
