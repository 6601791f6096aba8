//! What Linux tells of the processes of this machine (source: `man 5 proc`).

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The parts of `/proc/PID/stat` that matter here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stat<'a> {
    pub id: u32,
    pub name: &'a str,
    pub parent: u32,
    /// In user and system mode, since it began.
    pub time: Duration,
    /// The same of its children that have ended.
    pub of_children: Duration,
}

impl<'a> Stat<'a> {
    /// The name may hold anything, so what follows is counted from its closing bracket.
    pub fn read(stat: &'a str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let (id, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // A tick is a hundredth of a second on every Linux that we run on.
        let ticks = |index: usize| Some(Duration::from_millis(fields.get(index)?.parse::<u64>().ok()? * 10));
        Some(Self {
            id: id.parse().ok()?,
            name,
            parent: fields.get(1)?.parse().ok()?,
            time: ticks(11)? + ticks(12)?,
            of_children: ticks(13)? + ticks(14)?,
        })
    }
}

/// `/proc/PID/stat` of every process.
pub(super) fn stats() -> Vec<String> {
    ids().filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok()).collect()
}

/// The memory that a process has resident now, in megabytes; `None` if there is no such process.
pub(super) fn resident(id: u32) -> Option<f64> {
    memory(id, "VmRSS:")
}

/// The most memory that a process ever had resident, in megabytes; `None` if there is no such process.
pub(super) fn peak(id: u32) -> Option<f64> {
    memory(id, "VmHWM:")
}

fn memory(id: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kb: u32 = value.trim().trim_end_matches(" kB").parse().ok()?;
    Some(f64::from(kb) / 1024.0)
}

/// The process that listens on a TCP port; `None` if there is none, or if it is somebody else's and we may not look.
pub(super) fn listener(port: u16) -> Option<u32> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| listening(line, port)).collect::<Vec<_>>())
        .collect();
    // The oldest one: a process that it started may have inherited the socket.
    ids().filter(|id| has_any(*id, &sockets)).min()
}

fn has_any(id: u32, sockets: &[String]) -> bool {
    let files = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|target| sockets.iter().any(|socket| target == Path::new(socket)))
}

/// The socket of a line of the table, as `/proc/PID/fd` names it, if it listens on this port.
fn listening(line: &str, port: u16) -> Option<String> {
    /// `TCP_LISTEN` in the kernel.
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let is_it = local.ends_with(&format!(":{port:04X}")) && *state == LISTEN;
    is_it.then(|| format!("socket:[{inode}]"))
}

fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_time_of_a_process_with_an_odd_name_is_found() {
        let stat = "7 (a ) b () S 1 7 7 0 -1 4194304 100 0 0 0 250 50 30 20 20 0 9 0 1 1 1";
        let read = Stat::read(stat).unwrap();
        assert_eq!((read.id, read.name, read.parent), (7, "a ) b (", 1));
        assert_eq!((read.time, read.of_children), (Duration::from_secs(3), Duration::from_millis(500)));
    }

    #[test]
    fn what_is_resident_now_was_never_more_than_the_peak() {
        let (now, peak) = (resident(std::process::id()).unwrap(), peak(std::process::id()).unwrap());
        assert!(now > 0.0 && now <= peak, "{now} of {peak} MB");
        assert_eq!(resident(u32::MAX), None);
    }

    #[test]
    fn the_process_that_listens_is_found() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listener(port), Some(std::process::id()));
        drop(socket);
        assert_eq!(listener(port), None);
    }
}
