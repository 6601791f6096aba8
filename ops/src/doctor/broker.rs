//! Whether the broker lets us in and has our queues, and what lies in those that should be empty.

use broker::{BrokerOptions, Queue, Session};

use super::finding::Finding;

/// More deliveries than this mean that the workers are behind, or absent.
const BACKLOG: u32 = 10_000;

pub async fn examine(url: &str, namespace: &str) -> Vec<Finding> {
    let options = match BrokerOptions::new(url, namespace, "doctor") {
        Ok(options) => options,
        Err(error) => return vec![Finding::problem("AMQP_URL cannot be read", error.to_string())],
    };
    let session = match Session::open(&options).await {
        Ok(session) => session,
        Err(error) => {
            return vec![Finding::problem(
                "RabbitMQ at AMQP_URL does not let us in",
                format!(
                    "is it running, and are user, password and virtual host right? ({})",
                    runtime::chain(&error)
                ),
            )];
        }
    };
    let mut findings = vec![Finding::ok("RabbitMQ at AMQP_URL lets us in")];
    let (mut missing, mut unknown) = (Vec::new(), Vec::new());
    for queue in Queue::ALL {
        let name = options.topology().queue(queue);
        match options.topology().depth(&session, queue).await {
            Ok(Some(depth)) => findings.extend(remark(queue, &name, depth)),
            Ok(None) => missing.push(name),
            Err(error) => unknown.push(format!("{name} ({})", runtime::chain(&error))),
        }
    }
    session.close().await;
    findings.push(queues(&missing, &unknown, namespace));
    findings
}

fn queues(missing: &[String], unknown: &[String], namespace: &str) -> Finding {
    if !unknown.is_empty() {
        Finding::problem(
            format!("cannot look into {}", unknown.join(", ")),
            format!("does the user have all rights on `{namespace}.*`?"),
        )
    } else if missing.is_empty() {
        Finding::ok(format!("all queues of {namespace}.* are declared"))
    } else {
        Finding::warning(
            format!("not declared: {}", missing.join(", ")),
            "ingest and the workers declare them when they start; is AMQP_NAMESPACE right?",
        )
    }
}

fn remark(queue: Queue, name: &str, depth: u32) -> Option<Finding> {
    match queue {
        Queue::Parked | Queue::Unrouted if depth > 0 => Some(Finding::warning(
            format!("messages left in {name}: {depth}"),
            "a worker moves them to where `carvetka parked list` shows them: is one running?",
        )),
        Queue::Events | Queue::Apart | Queue::Job(_) if depth > BACKLOG => Some(Finding::warning(
            format!("messages that wait in {name}: {depth}"),
            "the workers are behind or absent: start more of them",
        )),
        Queue::Events | Queue::Apart | Queue::Job(_) | Queue::Parked | Queue::Unrouted => None,
    }
}
