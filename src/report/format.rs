//! The formats of a report on hosts, and their names on the command line.

use std::fmt;
use std::str::FromStr;

use super::write::Form;

/// What can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people, in a terminal.
    Table,
    /// A bill of materials for each host, in a folder: CycloneDX 1.6.
    CycloneDx,
    /// One text, made of the JSON report's shapes alone.
    Text(Shape),
}

/// A report in one text, made of the shapes of the JSON report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// For programs: `driftless/report/v1`.
    Json,
    /// The same in lines, each an object of its own.
    JsonLines,
    /// Findings, for spreadsheets: RFC 4180.
    Csv,
    /// For tickets and merge requests: GitHub's Markdown.
    Markdown,
    /// For a browser, in one file.
    Html,
    /// For build servers: `JUnit`'s XML.
    Junit,
    /// For code hosts: SARIF 2.1.0.
    Sarif,
    /// For node_exporter's textfile collector: Prometheus' text format.
    Prometheus,
    /// The names of the hosts that have drifted, one a line: for `ansible -l @FILE`.
    Hosts,
}

impl Format {
    /// Every format, in the order in which people are told of them.
    pub const ALL: [Self; 11] = [
        Self::Table,
        Self::Text(Shape::Json),
        Self::Text(Shape::JsonLines),
        Self::Text(Shape::Csv),
        Self::Text(Shape::Markdown),
        Self::Text(Shape::Html),
        Self::Text(Shape::Junit),
        Self::Text(Shape::Sarif),
        Self::Text(Shape::Prometheus),
        Self::CycloneDx,
        Self::Text(Shape::Hosts),
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::CycloneDx => "cyclonedx",
            Self::Text(Shape::Json) => "json",
            Self::Text(Shape::JsonLines) => "jsonl",
            Self::Text(Shape::Csv) => "csv",
            Self::Text(Shape::Markdown) => "markdown",
            Self::Text(Shape::Html) => "html",
            Self::Text(Shape::Junit) => "junit",
            Self::Text(Shape::Sarif) => "sarif",
            Self::Text(Shape::Prometheus) => "prometheus",
            Self::Text(Shape::Hosts) => "hosts",
        }
    }
}

impl Format {
    /// What it is for, in a line.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Table => "for people, in a terminal",
            Self::CycloneDx => "a bill of materials for each host, in a folder: CycloneDX 1.6",
            Self::Text(Shape::Json) => "for programs: `driftless/report/v1`",
            Self::Text(Shape::JsonLines) => "the same in lines, each an object of its own",
            Self::Text(Shape::Csv) => "findings, for spreadsheets: RFC 4180",
            Self::Text(Shape::Markdown) => "for tickets and merge requests: GitHub's Markdown",
            Self::Text(Shape::Html) => "for a browser, in one file",
            Self::Text(Shape::Junit) => "for build servers: JUnit's XML",
            Self::Text(Shape::Sarif) => "for code hosts: SARIF 2.1.0",
            Self::Text(Shape::Prometheus) => "for node_exporter's textfile collector",
            Self::Text(Shape::Hosts) => "the names of the hosts that have drifted, one a line",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            format!(
                "`{}` is no format of a report: {}",
                text.escape_debug(),
                crate::diagnostic::suggest(text, &names)
            )
        })
    }
}

impl Form for Format {
    fn is_folder(self) -> bool {
        self == Self::CycloneDx
    }

    /// node_exporter is another user, whatever the umask of a cron job is.
    fn mode(self) -> Option<u32> {
        (self == Self::Text(Shape::Prometheus)).then_some(0o644)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("jsonnl".parse::<Format>().is_err_and(|error| error.contains("did you mean `jsonl`")));
    }
}
