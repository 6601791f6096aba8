//! What the documents promise is what the code does: the list of log fields is closed, and every setting is listed.

#![expect(clippy::unwrap_used, reason = "a document that cannot be read is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose programs operators run.
const SOURCES: [&str; 12] = [
    "domain/src",
    "shared/broker/src",
    "shared/connections/src",
    "shared/notify/src",
    "shared/runtime/src",
    "shared/smartcar/src",
    "shared/store/src",
    "ingest/src",
    "worker/src",
    "scheduler/src",
    "api/src",
    "simulator/src",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> Vec<String> {
    let mut folders: Vec<PathBuf> = SOURCES.iter().map(|folder| root().join(folder)).collect();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// The fields of all log lines and spans: `noun.attribute = …` inside a macro of tracing.
fn logged_fields() -> BTreeSet<String> {
    let macros =
        ["trace!(", "debug!(", "info!(", "warn!(", "error!(", "debug_span!(", "info_span!(", "warn_span!("];
    let mut fields = BTreeSet::new();
    for source in sources() {
        for start in macros.iter().flat_map(|name| source.match_indices(name)) {
            let rest = &source[start.0..];
            let call = &rest[..rest.find(';').unwrap_or(rest.len()).min(400)];
            let words = call.split(['(', ',', '\n']).filter_map(|part| part.split_once(" = "));
            fields.extend(words.map(|(name, _)| name.trim().to_owned()).filter(|name| is_field(name)));
        }
    }
    fields
}

fn is_field(name: &str) -> bool {
    name.contains('.') && name.chars().all(|letter| letter.is_ascii_lowercase() || "._".contains(letter))
}

/// The first words in backticks of each row of the table.
fn documented_fields() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/logging.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_field_of_a_log_line_is_documented_and_every_documented_one_is_used() {
    let (logged, documented) = (logged_fields(), documented_fields());
    assert!(logged.len() > 10, "no fields were found: {logged:?}");
    let undocumented: Vec<_> = logged.difference(&documented).collect();
    assert!(undocumented.is_empty(), "missing in docs/logging.md: {undocumented:?}");
    let all = sources().concat();
    let unused: Vec<_> = documented.iter().filter(|field| !all.contains(field.as_str())).collect();
    assert!(unused.is_empty(), "nothing logs these fields of docs/logging.md: {unused:?}");
}

#[test]
fn every_setting_of_a_program_is_in_the_example_file() {
    let example = fs::read_to_string(root().join(".env.example")).unwrap();
    let listed: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('='))
        .map(|(name, _)| name)
        .collect();
    let mut missing = BTreeSet::new();
    for source in sources() {
        for (start, marker) in source.match_indices("env = \"") {
            let name = source[start + marker.len()..].split('"').next().unwrap();
            if !listed.contains(name) {
                missing.insert(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "missing in .env.example: {missing:?}");
}

#[test]
fn every_promise_of_reliability_names_a_test_that_exists() {
    let document = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let named: BTreeSet<(&str, &str)> =
        document.split('`').filter_map(|quoted| quoted.split_once(".rs::")).collect();
    assert!(named.len() > 20, "where are the promises? {named:?}");
    let is_missing = |(file, test): &&(&str, &str)| {
        let source = fs::read_to_string(root().join(format!("{file}.rs"))).unwrap_or_default();
        let signature = format!("fn {test}(");
        let test = source.lines().position(|line| line.contains(&signature));
        // The line before says that it is run.
        !test.is_some_and(|line| source.lines().nth(line - 1).is_some_and(|line| line.contains("test")))
    };
    let missing: Vec<_> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "docs/reliability.md names tests that do not exist: {missing:?}");
}

/// What a word of a query is a series of: `_bucket`, `_sum` and `_count` belong to histograms.
fn series_in(text: &str) -> BTreeSet<String> {
    const PROGRAMS: [&str; 5] = ["ingest_", "worker_", "scheduler_", "api_", "broker_"];
    let words = text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'));
    let series = words.filter(|word| PROGRAMS.iter().any(|program| word.starts_with(program)));
    series.map(|word| word.trim_end_matches("_bucket").to_owned()).collect()
}

#[test]
fn every_series_of_alarms_and_dashboard_is_one_that_a_program_shows() {
    let all = sources().concat();
    let deploy = root().join("deploy");
    for file in ["prometheus/rules.yml", "prometheus/rules_test.yml", "grafana/dashboards/carvetka.json"] {
        let series = series_in(&fs::read_to_string(deploy.join(file)).unwrap());
        assert!(series.len() > 5, "where are the series of {file}? {series:?}");
        let unknown: Vec<_> = series.iter().filter(|name| !all.contains(&format!("\"{name}\""))).collect();
        assert!(unknown.is_empty(), "no program shows these series of {file}: {unknown:?}");
    }
}

#[test]
fn every_alarm_has_a_chapter_and_every_chapter_an_alarm() {
    let rules = fs::read_to_string(root().join("deploy/prometheus/rules.yml")).unwrap();
    let alarms: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let page = fs::read_to_string(root().join("docs/runbooks.md")).unwrap();
    let chapters: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(alarms.len() > 10, "where are the alarms? {alarms:?}");
    assert_eq!(alarms, chapters);
    for alarm in alarms {
        let anchor = format!("runbook: docs/runbooks.md#{}\n", alarm.to_lowercase());
        assert!(rules.contains(&anchor), "{alarm} does not name its chapter");
    }
}

/// The crates of a manifest's `[dependencies]`, by its folder.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let after = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split([' ', '.', '=']).next());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect()
}

/// The folders of all crates but the command's and the tests', which may know everything.
fn pipeline() -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let quoted = members.split('"').skip(1).step_by(2).map(str::to_owned);
    let folders: BTreeSet<String> = quoted.filter(|folder| folder != "ops" && folder != "tests").collect();
    assert!(folders.len() > 10, "where are the crates? {folders:?}");
    folders
}

#[test]
fn no_program_knows_another_and_the_stand_in_knows_nothing_of_ours() {
    let programs = ["ingest", "worker", "scheduler", "api", "simulator"];
    for folder in pipeline() {
        let known = dependencies(&folder);
        let others: Vec<_> = programs.iter().filter(|program| known.contains(**program)).collect();
        assert!(others.is_empty(), "{folder} knows {others:?}");
    }
    let own: BTreeSet<String> =
        pipeline().iter().map(|folder| folder.rsplit('/').next().unwrap().to_owned()).collect();
    let shared: Vec<_> = dependencies("simulator").intersection(&own).cloned().collect();
    assert!(shared.is_empty(), "the stand-in knows {shared:?}");
}

#[test]
fn each_kind_of_input_and_output_has_one_crate_that_knows_it() {
    for (kind, home) in [
        ("lapin", "shared/broker"),
        ("lettre", "shared/notify"),
        ("csv", "shared/exchange"),
        ("chacha20poly1305", "shared/vault"),
    ] {
        let knowing: Vec<_> =
            pipeline().into_iter().filter(|folder| dependencies(folder).contains(kind)).collect();
        assert_eq!(knowing, [home], "{kind}");
    }
    let outside = ["tokio", "sqlx", "lapin", "reqwest", "lettre", "axum", "tracing", "clap", "rand"];
    let impure: Vec<_> =
        dependencies("domain").into_iter().filter(|name| outside.contains(&name.as_str())).collect();
    assert!(impure.is_empty(), "the domain knows {impure:?}");
}

#[test]
fn all_questions_to_the_database_are_asked_in_the_store() {
    let mut folders: Vec<PathBuf> = pipeline()
        .into_iter()
        .filter(|folder| folder != "shared/store")
        .map(|folder| root().join(folder).join("src"))
        .collect();
    let mut elsewhere = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && fs::read_to_string(&path).unwrap().contains("sqlx::query")
            {
                elsewhere.push(path);
            }
        }
    }
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}
