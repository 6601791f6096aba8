//! One line of the doctor.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// What was seen. Never a secret.
    pub what: String,
    /// What to do about it; empty if all is well.
    pub advice: String,
}

/// How bad it is, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// It works, and a person should look.
    Warning,
    /// It does not work.
    Problem,
}

impl Finding {
    pub fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), advice: String::new() }
    }

    pub fn warning(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), advice: advice.into() }
    }

    pub fn problem(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Problem, what: what.into(), advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, what, advice } = self;
        let level = match level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Problem => "problem",
        };
        write!(f, "{level:7}  {what}")?;
        if advice.is_empty() { Ok(()) } else { write!(f, ": {advice}") }
    }
}
