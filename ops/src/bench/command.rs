//! What `carvetka bench` is asked for: figures of the servers, or of the rules alone.

use clap::{ArgMatches, Args, FromArgMatches, Subcommand};

use super::{Options, detect};

/// Not derived: only figures of servers need to know where servers are.
#[derive(Debug, Clone)]
pub enum Command {
    Servers(Box<Options>),
    Detect(detect::Options),
}

#[derive(Debug, Clone, Subcommand)]
enum Alone {
    Detect(detect::Options),
}

impl Args for Command {
    fn augment_args(command: clap::Command) -> clap::Command {
        Alone::augment_subcommands(Options::augment_args(command))
            .subcommand_required(false)
            .arg_required_else_help(false)
            .subcommand_negates_reqs(true)
            .args_conflicts_with_subcommands(true)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        if matches.subcommand_name().is_some() {
            let Alone::Detect(options) = Alone::from_arg_matches(matches)?;
            return Ok(Self::Detect(options));
        }
        Ok(Self::Servers(Box::new(Options::from_arg_matches(matches)?)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
