//! `driftless hosts`: the resolved inventory. Nothing is asked of any host.

use driftless::report::Listing;
use driftless::report::write;

use super::args::Hosts;
use super::failure::Failure;
use super::plan::Selected;
use super::report::look;

/// Lists the hosts; gives the exit status.
pub(super) fn run(args: &Hosts) -> Result<u8, Failure> {
    let Selected { inventory, hosts } = Selected::of(&args.selecting, &args.login, args.quiet)?;
    let listing = Listing { inventory: &inventory, hosts: &hosts };
    let text = listing.render(args.format, &look(args.color));
    // A reader that has seen enough is success, as it is for every tool in a pipe.
    write::to_stdout(&text).map_err(|error| Failure::stdout(&error))?;
    Ok(0)
}
