pub fn merge(_: &[(String, super::Report)]) -> Result<super::Report, String> { Err(String::new()) }
