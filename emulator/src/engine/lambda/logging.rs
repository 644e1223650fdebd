//! How a function logs.

/// A function's `LoggingConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logging {
    /// Lines of text, or records with the levels from which on they are written.
    pub format: LogFormat,
    /// The group, if it is another than the function's own.
    pub group: Option<String>,
}

/// What a function's log is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines as they come. Nothing is left out.
    #[default]
    Text,
    /// One JSON object a record.
    Json {
        /// The least severe record of the function that is written.
        application_level: ApplicationLogLevel,
        /// The least severe record of Lambda itself that is written.
        system_level: SystemLogLevel,
    },
}

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident [$($level:ident $text:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are AWS's own")]
        pub enum $name { $($level),* }

        impl $name {
            /// AWS's string.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$level => $text),* }
            }

            /// The level of that name.
            pub fn parse(text: &str) -> Option<Self> {
                [$(Self::$level),*].into_iter().find(|level| level.as_str() == text)
            }
        }
    )*};
}

levels! {
    /// Levels of what a function logs, the least severe first.
    ApplicationLogLevel [
        Trace "TRACE", Debug "DEBUG", Info "INFO", Warn "WARN", Error "ERROR", Fatal "FATAL"
    ];
    /// Levels of what Lambda itself logs, the least severe first.
    SystemLogLevel [Debug "DEBUG", Info "INFO", Warn "WARN"];
}
