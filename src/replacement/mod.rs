//! The immutable replacement of a service: what it writes, from the evidence of hosts that run it, and the files that
//! run it so that nothing else can be written.
//!
//! There are no templates for products. Whatever stands in a file was derived from evidence, and says from which; what
//! could not be told is said to be so.

mod baked;
mod bootc;
mod choice;
mod class;
mod document;
mod doubts;
mod granted;
mod hidden;
mod image;
mod kubernetes;
mod lacking;
mod machine;
mod order;
mod packer;
mod paths;
mod pins;
mod plan;
mod quadlet;
mod run;
mod secrets;
#[cfg(test)]
mod tests;
mod words;

pub use choice::servers;
pub use class::Class;
pub use image::Base;
pub use lacking::Lacking;
pub use paths::{Need, Needs, needs};
pub use plan::{Baked, Pin, Refusal, Replacement, Step, plan};
pub use run::Run;

/// What a replacement is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A Deployment, and what goes with it.
    Kubernetes,
    /// A unit of systemd that podman runs.
    Quadlet,
    /// An image that whole servers boot from.
    Bootc,
    /// An image of virtual machines.
    Packer,
}

impl Target {
    /// Whether it runs the container that the Containerfile is for.
    pub fn is_container(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Quadlet)
    }

    /// Whether it is a whole server, which has units of its own.
    pub fn is_machine(self) -> bool {
        !self.is_container()
    }
}

/// The files of a replacement: their paths below the folder, and what is in them.
///
/// # Errors
/// A target needs what is not known of the service.
pub fn files(plan: &Replacement, targets: &[Target]) -> Result<Vec<(String, String)>, Refusal> {
    // What runs without a unit cannot be told to start at boot.
    let unit = plan.unit.as_deref().ok_or_else(|| {
        let title = format!("no systemd unit of {} is known on {}", plan.service, plan.model);
        Refusal::new(
            title,
            "a whole server starts it by its unit: choose kubernetes or quadlet, or give it a unit",
        )
    });
    let mut files = vec![("REPLACE.md".to_owned(), document::document(plan, targets))];
    if targets.iter().any(|target| target.is_container()) {
        files.push(("Containerfile".to_owned(), image::containerfile(plan)));
    }
    for baked in &plan.baked {
        files.push((format!("{}{}", image::FILES, baked.path), baked.content.clone()));
    }
    for target in targets {
        match target {
            Target::Kubernetes => {
                files.push(("kubernetes.yaml".to_owned(), kubernetes::manifest(plan)));
                files.push(("immutable.toml".to_owned(), document::playbook(plan)));
            }
            Target::Quadlet => files.extend(quadlet::units(plan)),
            Target::Bootc => files.extend(bootc::files(plan, unit.clone()?)),
            Target::Packer => files.extend(packer::files(plan, unit.clone()?)),
        }
    }
    // Two targets may share a file.
    files.sort();
    files.dedup();
    Ok(files)
}
