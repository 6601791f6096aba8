//! What the demo shows: on a terminal a small page that is written over, elsewhere a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::options::{Length, Options};
use super::site::Site;
use super::stage::Stage;
use super::verdict::Verdict;
use super::watch::Seen;
use super::words::{grouped, km, moment};

pub struct Page<'a> {
    out: &'a mut (dyn Write + Send),
    options: &'a Options,
    /// Whether lines can be written over.
    is_terminal: bool,
    /// How many lines stand there to be written over.
    lines: usize,
    /// When the figures were shown last, and how many deliveries were stored then.
    shown: Option<(Instant, i64)>,
    /// What a page says of what happened last.
    news: Option<String>,
}

impl<'a> Page<'a> {
    /// How often a page, and how often a line.
    const PAGE: Duration = Duration::from_secs(1);
    const LINE: Duration = Duration::from_secs(5);
    /// More links than this nobody reads.
    const LINKS: usize = 12;

    pub fn new(out: &'a mut (dyn Write + Send), options: &'a Options) -> Self {
        Self { out, options, is_terminal: io::stdout().is_terminal(), lines: 0, shown: None, news: None }
    }

    pub fn open(&mut self, stage: &Stage) -> io::Result<()> {
        let Options { cars, log, .. } = self.options;
        let speed = self.options.speed();
        let end = match self.options.length {
            Length::UntilInterrupted => "until Ctrl-C".to_owned(),
            Length::Seconds(seconds) => format!("for {seconds} s"),
        };
        writeln!(
            self.out,
            "Carvetka sync: {cars} virtual cars, {speed} seconds of their lives in one, {end}\n\
             in a database of its own, {}, with queues of its own, {}.*; log in {}\n",
            stage.database,
            stage.broker.amqp_namespace,
            log.display()
        )
    }

    /// Shows the figures if it is time to.
    pub fn show(&mut self, seen: &Seen) -> io::Result<()> {
        let every = if self.is_terminal { Self::PAGE } else { Self::LINE };
        match self.shown {
            Some((at, _)) if at.elapsed() < every => Ok(()),
            Some(_) | None => self.draw(seen),
        }
    }

    /// Shows the figures for the last time.
    pub fn close(&mut self, seen: &Seen) -> io::Result<()> {
        self.draw(seen)?;
        self.lines = 0;
        Ok(())
    }

    pub fn note(&mut self, text: &str) -> io::Result<()> {
        // Where a page stands, a line between would be lost: it is for the next one to say.
        if self.lines > 0 {
            self.news = Some(text.to_owned());
            Ok(())
        } else {
            writeln!(self.out, "{text}")
        }
    }

    /// Where people see their cars. A secret each: whoever has the link is that person, as long as its token lasts.
    pub fn links(&mut self, stage: &Stage, site: &Site) -> anyhow::Result<()> {
        writeln!(self.out, "what people see, each under a link of their own:")?;
        for owner in stage.owners.iter().take(Self::LINKS) {
            let token = site.token_of(owner.user)?;
            writeln!(self.out, "  {}: http://{}/app/#access_token={token}", owner.car_name, site.api)?;
        }
        let token = site.operator_token.expose_secret();
        writeln!(self.out, "what operators see: http://{}/app/operator#operator_token={token}", site.api)?;
        Ok(writeln!(self.out)?)
    }

    pub fn summary(&mut self, verdict: &Verdict, stage: &Stage) -> io::Result<()> {
        write!(self.out, "\n{verdict}\n")?;
        writeln!(
            self.out,
            "The book stays in the database {0}. In the folder of the sources:\n\
             \x20 scripts/services run postgres -- bash -c 'psql \"${{DATABASE_URL%/*}}/{0}\" -c \"\n\
             \x20   SELECT name, odometer_reading, entry_date, entry.notes FROM meter_entries AS entry JOIN cars ON cars.id = car_id\n\
             \x20   WHERE entry.source_id IS NOT NULL ORDER BY entry_date DESC LIMIT 20\"'",
            stage.database
        )
    }

    fn draw(&mut self, seen: &Seen) -> io::Result<()> {
        let rate = self.rate(seen.figures.events);
        if self.is_terminal {
            let page = page(seen, rate, self.news.as_deref());
            if self.lines > 0 {
                // Up to where the page begins, and clear from there on.
                write!(self.out, "\r\x1b[{}A\x1b[J", self.lines)?;
            }
            self.lines = page.lines().count();
            // Long lines are cut: a wrapped one would be two, and the page would be lost.
            write!(self.out, "\x1b[?7l{page}\x1b[?7h")?;
        } else {
            writeln!(self.out, "{}", line(seen, rate))?;
        }
        self.out.flush()
    }

    /// Deliveries stored a second since they were shown last.
    fn rate(&mut self, stored: i64) -> i64 {
        let now = Instant::now();
        let before = self.shown.replace((now, stored));
        let milliseconds = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX).max(1);
        before.map_or(0, |(at, count)| (stored - count).saturating_mul(1000) / milliseconds(now - at))
    }
}

fn line(seen: &Seen, rate: i64) -> String {
    let figures = &seen.figures;
    format!(
        "{}  accepted {}, stored {} ({rate}/s), lag {} ({:.1} s), readings {}, entries {}, fill-ups {}, charges {}, trips {}, kept out {}, parked {}",
        moment(seen.virtual_now),
        grouped(seen.accepted),
        grouped(figures.events),
        seen.behind(),
        seen.lag.as_secs_f64(),
        grouped(figures.readings),
        grouped(figures.meter_entries),
        figures.fill_ups,
        figures.charging_sessions,
        grouped(figures.trips),
        grouped(figures.quarantined),
        figures.parked,
    )
}

fn page(seen: &Seen, rate: i64, news: Option<&str>) -> String {
    let figures = &seen.figures;
    let head = format!(
        "  at the cars     {}{}\n\
         \x20 deliveries      {} accepted, {} stored, {rate} a second\n\
         \x20 lag             {} deliveries, the oldest {:.1} s\n\
         \x20 understood      {} readings, {} kept out, {} parked\n\
         \x20 the book        {} odometers, {} fill-ups, {} charges, {} trips\n",
        moment(seen.virtual_now),
        if seen.is_present { ", the present: from here on in real time" } else { "" },
        grouped(seen.accepted),
        grouped(figures.events),
        seen.behind(),
        seen.lag.as_secs_f64(),
        grouped(figures.readings),
        grouped(figures.quarantined),
        figures.parked,
        grouped(figures.meter_entries),
        figures.fill_ups,
        figures.charging_sessions,
        grouped(figures.trips),
    );
    let latest = seen
        .latest
        .iter()
        .map(|entry| format!("  {}: {} km at {}\n", entry.car, km(entry.metres), moment(entry.at)));
    let news = news.map(|text| format!("  news            {text}\n"));
    std::iter::once(head).chain(news).chain(std::iter::once("\n".to_owned())).chain(latest).collect()
}
