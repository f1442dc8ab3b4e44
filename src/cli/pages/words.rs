//! What manual pages say that no flag does.

/// Variables that are no flag's.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("NO_COLOR", "no colour, if it is set and not empty"),
    ("COLUMNS", "how wide a report is that goes to no terminal"),
    (
        "HOME, XDG_CONFIG_HOME, XDG_STATE_HOME",
        "where the user's files are looked for, and where runs are kept",
    ),
    ("SSH_AUTH_SOCK", "the agent that holds keys"),
    (
        "SSH_ASKPASS, SSH_ASKPASS_REQUIRE",
        "the program that asks for passwords and passphrases, as ssh(1) has it",
    ),
];

/// Files that every command may read or write.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "driftless.toml",
        "settings, in the current folder; its keys are the long names of flags, at the top or in a table of the command",
    ),
    ("~/.config/driftless/driftless.toml", "settings of the user, where the current folder has none"),
    ("~/.local/state/driftless/store.sqlite", "the runs that are kept"),
    (
        "~/.local/state/driftless/file-key",
        "what the contents of files are hashed with, so that a hash says nothing to others",
    ),
    ("~/.ssh/config, /etc/ssh/ssh_config", "how hosts are reached, as ssh(1) reads them"),
    (
        "~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts",
        "the keys of hosts; those that are not known are refused",
    ),
];

/// What a command does, in more than a line.
pub(super) fn described(chosen: &[String]) -> &'static [&'static str] {
    match chosen.join(" ").as_str() {
        "" => &[
            "It logs in to each host of an inventory once, over SSH and read-only, compares the hosts of each cluster with each \
             other and with a playbook, and says which of them a command repairs and which are better replaced. Nothing is \
             installed on hosts and nothing is written there.",
            "What could not be collected is told and is never taken for an answer: a host that was not audited is never in sync.",
            "The report goes to standard output, everything else to standard error. A reader that leaves early is no error.",
        ],
        "audit" => &[
            "Hosts are those of the inventory that the pattern of --limit leaves, or those that are named. Without a playbook, \
             hosts with the same groups are compared on the packages that were installed on purpose; a playbook says which \
             clusters there are, which versions they must have, and which services, files and kernel parameters count.",
            "Every audit is kept, and says what is new, back or gone since the last one.",
        ],
        "collect" => &[
            "Nothing is judged, so that one machine may gather and another audit what is kept: driftless audit --offline.",
        ],
        "ready" => &[
            "Each host's own package manager is asked what it would do, without doing it. What none of them can foresee, such as \
             a failing maintainer script, is not foreseen here either.",
        ],
        "immutable" => &[
            "No cluster is asked. For every container of the manifests it is told whether it can be changed while it runs, what \
             voids that, and what to write instead; --fix writes it.",
        ],
        "replace" => &[
            "The evidence is what a host of the cluster runs: its packages, its configuration, where its service writes. Read \
             REPLACE.md of the folder first; nothing is built and nothing is rolled out.",
        ],
        "history" => {
            &["Without a host it lists runs and clusters; with one, what was seen of it, run by run."]
        }
        "history prune" => &["What was kept for these runs alone goes with them."],
        "compare" => &["Nobody is asked: what is kept is compared."],
        "report" => &[
            "A stored run is judged with the playbook that it was made with, so that the report is the same.",
        ],
        "hosts" => &[
            "Nobody is asked. It shows what is read from the inventory, and what ssh's configuration adds to it.",
        ],
        "explain" => &[
            "It says what a finding means, why it matters, what to do instead, what raises or lowers its severity, and what to \
             write into a playbook to turn the rule off or to let a finding pass. A finding's key may be given for its rule.",
        ],
        "demo" => &[
            "Real SSH servers on loopback addresses replay what real hosts have said. Nothing is written but by demo replace.",
        ],
        "init" => {
            &["What most hosts have today may be wrong: the playbook is a draft, to be read and corrected."]
        }
        "probe" => &[
            "The script is the same for every host. With --install it is printed together with what pins it on a host as the only \
             thing that the audit key may do there.",
        ],
        "completions" => &[
            "For bash: driftless completions bash > ~/.local/share/bash-completion/completions/driftless. For zsh: into a file \
             named _driftless in a folder of $fpath. For fish: into ~/.config/fish/completions/driftless.fish.",
        ],
        "man" => &["driftless man audit | man -l - shows a page; --out DIR writes all of them."],
        _ => &[],
    }
}
