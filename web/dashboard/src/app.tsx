import { lazy, Suspense, type ReactNode } from "react";
import { Link, Route, Router, Switch, useLocation } from "wouter";

import { useNews } from "./live.ts";
import { CarPage } from "./pages/car.tsx";
import { Garage } from "./pages/garage.tsx";
import { SignIn } from "./pages/sign_in.tsx";
import { useSignedIn } from "./session.ts";
import { useUnread } from "./parts/unread.ts";
import { Empty, Loading } from "./parts/states.tsx";

// What not everybody opens comes when it is opened.
const Places = lazy(() => import("./pages/places.tsx"));
const Notifications = lazy(() => import("./pages/notifications.tsx"));
const Tariffs = lazy(() => import("./pages/tariffs.tsx"));
const Settings = lazy(() => import("./pages/settings.tsx"));
const Operator = lazy(() => import("./pages/operator.tsx"));

/** Where the api serves these pages. */
const BASE = "/app";

export function App() {
  const isSignedIn = useSignedIn();
  useNews();
  const unread = useUnread(isSignedIn);
  return (
    <Router base={BASE}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top no-print">
        <Link href="/" className="brand">
          Carvetka sync
        </Link>
        {isSignedIn && (
          <nav className="menu" aria-label="Carvetka sync">
            <MenuLink href="/notifications">{unread > 0 ? `Notifications (${unread})` : "Notifications"}</MenuLink>
            <MenuLink href="/places">Places</MenuLink>
            <MenuLink href="/tariffs">Tariffs</MenuLink>
            <MenuLink href="/settings">Settings</MenuLink>
          </nav>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Switch>
            {/* Operators are nobody's owner: they come in another way. */}
            <Route path="/operator" component={Operator} />
            <Route>{isSignedIn ? <Pages /> : <SignIn />}</Route>
          </Switch>
        </Suspense>
      </main>
    </Router>
  );
}

function MenuLink({ href, children }: { href: string; children: ReactNode }) {
  const [at] = useLocation();
  return (
    <Link href={href} aria-current={at === href ? "page" : undefined}>
      {children}
    </Link>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Garage />
      </Route>
      <Route path="/notifications" component={Notifications} />
      <Route path="/places" component={Places} />
      <Route path="/tariffs" component={Tariffs} />
      <Route path="/settings" component={Settings} />
      <Route path="/cars/:carId/:book?">{({ carId, book }) => <CarPage carId={carId} book={book} />}</Route>
      <Route>
        <Empty title="There is no such page">
          <Link href="/">Back to the garage</Link>
        </Empty>
      </Route>
    </Switch>
  );
}
