//! Smartcar's own SDKs as judges: what they understand of the stand-in, anybody who was written for Smartcar
//! understands. Needs python3 (with pip) and node (with npm); their packages are fetched once, by pip and npm
//! as their lock files say, into the target folder.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

#[expect(dead_code, reason = "other tests need more of it")]
mod webhook;

use std::path::{Path, PathBuf};
use std::process::Output;

use chrono::TimeDelta;
use serde_json::{Value, json};
use simulator::platform::problems::{self, Problem};
use simulator::{Application, Options, PlatformOptions, Simulator, clock, wire};
use tokio::process::Command;
use webhook::{Reply, SECRET, Webhook, eventually};

const BACK: &str = "https://carvetka.example/api/smartcar/callback";

/// A stand-in of the present with its webhook, and one of its deliveries as a file.
struct StandIn {
    simulator: Simulator,
    _webhook: Webhook,
    delivery: tempfile::NamedTempFile,
}

impl StandIn {
    async fn start() -> Self {
        let webhook = Webhook::open(|_| Reply::Status(200)).await;
        let platform = PlatformOptions {
            address: Some(([127, 0, 0, 1], 0).into()),
            application: Application::new(BACK),
            connected: false,
            auto_login: true,
            ..PlatformOptions::new()
        };
        let start = clock::now() - TimeDelta::days(3);
        let options = Options { platform, ..Options::new(&webhook.url, SECRET, start) };
        let simulator = Simulator::start(options).await.unwrap();
        eventually("the present is reached", || clock::now() - simulator.now() < TimeDelta::minutes(1)).await;
        let link = format!(
            "{}/oauth/authorize?response_type=code&client_id={}",
            simulator.origin().unwrap(),
            Application::CLIENT_ID
        );
        simulator::person::Person::new("12-vehicles@smartcar.com").follow(&link).await.unwrap();
        eventually("a first delivery", || !webhook.arrivals().is_empty()).await;
        let arrival = webhook.arrivals().remove(0);
        let delivery = tempfile::NamedTempFile::new().unwrap();
        let body = String::from_utf8(arrival.bytes.to_vec()).unwrap();
        let known = json!({ "signature": arrival.header("sc-signature"), "body": body });
        std::fs::write(delivery.path(), known.to_string()).unwrap();
        Self { simulator, _webhook: webhook, delivery }
    }

    /// The environment of a journey, with the names that the SDKs know.
    fn lead(&self, journey: &mut Command, auth_path: &str) {
        let origin = self.simulator.origin().unwrap();
        for name in [
            "STAND_IN",
            "SMARTCAR_API_ORIGIN",
            "SMARTCAR_CONNECT_ORIGIN",
            "SMARTCAR_MANAGEMENT_API_ORIGIN",
            "SMARTCAR_VEHICLE_API_V3_ORIGIN",
            "SMARTCAR_API_V3_ORIGIN",
        ] {
            journey.env(name, origin);
        }
        journey
            .env("SMARTCAR_AUTH_ORIGIN", format!("{origin}{auth_path}"))
            .env("SMARTCAR_CLIENT_ID", Application::CLIENT_ID)
            .env("SMARTCAR_CLIENT_SECRET", Application::CLIENT_SECRET)
            .env("SMARTCAR_REDIRECT_URI", BACK)
            .env("MANAGEMENT_TOKEN", SECRET)
            .env("WEBHOOK_ID", wire::WEBHOOK_ID)
            .env("PROBLEMS", all_problems().to_string())
            .env("DELIVERY", self.delivery.path())
            .env("NO_PROXY", "127.0.0.1");
    }
}

/// Every error of the platform, as the SDKs should read it: type, code, status, resolution.
fn all_problems() -> Value {
    problems::all()
        .map(|(kind, code)| {
            let problem = Problem::new(kind, code);
            json!([kind, code, problem.status(), problem.resolution()])
        })
        .collect()
}

fn sdks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdks")
}

/// A folder below the target folder that is made once for these lock files: by whoever comes first, under
/// another name until it is whole.
async fn prepared(name: &str, locks: &[PathBuf], fetch: impl AsyncFnOnce(&Path)) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    let locked: Vec<u8> = locks.iter().flat_map(|lock| std::fs::read(lock).unwrap()).collect();
    let ready = target.join(format!("{name}-{}", &wire::sign(b"", &locked)[..16]));
    if !ready.exists() {
        let made = tempfile::Builder::new().prefix(name).tempdir_in(&target).unwrap();
        fetch(made.path()).await;
        // Who is second keeps what is there.
        if std::fs::rename(made.path(), &ready).is_ok() {
            let _ = made.keep();
        }
    }
    ready
}

/// Runs a program to its end; it has to be there and to succeed.
async fn run(command: &mut Command, install: &str) -> Output {
    let output = command.output().await.unwrap_or_else(|error| {
        panic!("{} cannot be started ({error}): install {install}", command.as_std().get_program().display())
    });
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let tail =
        |text: &str| text.chars().rev().take(4_000).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    let program = command.as_std().get_program().display();
    assert!(output.status.success(), "{program} failed\n{}\n{}", tail(&out), tail(&error));
    output
}

#[tokio::test]
async fn smartcars_python_sdk_understands_everything() {
    let folder = sdks().join("python");
    let requirements = folder.join("requirements.txt");
    let packages = prepared("python-sdk", std::slice::from_ref(&requirements), async |made: &Path| {
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"];
        run(
            Command::new("python3").args(pip).arg(made).arg("--requirement").arg(&requirements),
            "python3 with pip (apt install python3 python3-pip)",
        )
        .await;
    })
    .await;
    let stand_in = StandIn::start().await;
    let mut journey = Command::new("python3");
    journey.arg("-W").arg("ignore").arg(folder.join("journey.py")).env("PYTHONPATH", packages);
    stand_in.lead(&mut journey, "/oauth/token");
    let output = run(&mut journey, "python3").await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("the journey is over"));
}

#[tokio::test]
async fn smartcars_node_sdk_understands_everything() {
    let folder = sdks().join("node");
    let locks = [folder.join("package.json"), folder.join("package-lock.json")];
    let modules = prepared("node-sdk", &locks, async |made: &Path| {
        for lock in &locks {
            std::fs::copy(lock, made.join(lock.file_name().unwrap())).unwrap();
        }
        let npm = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
        run(Command::new("npm").args(npm).current_dir(made), "node and npm (apt install nodejs npm)").await;
    })
    .await;
    let stand_in = StandIn::start().await;
    let mut journey = Command::new("node");
    journey.arg(folder.join("journey.js")).env("NODE_MODULES", &modules);
    stand_in.lead(&mut journey, "");
    let output = run(&mut journey, "node 18.20 or newer (apt install nodejs)").await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("the journey is over"));
}
