//! Reserved concurrency.

use super::undo::Change;
use super::{Account, refused};
use crate::failure::Failure;

impl Account<'_> {
    /// Sets the reserved concurrency, or takes it away; remembers what it was
    /// when it is changed first.
    pub async fn reserve(&mut self, function: &str, reserved: Option<u32>) -> Result<(), Failure> {
        let before = self.reserved(function).await?;
        let wanted = reserved.map(u32::cast_signed);
        if before == wanted {
            return Ok(());
        }
        self.undo.push(Change::SetReserved { function: function.to_owned(), before });
        self.set_reserved(function, wanted).await
    }

    /// The same for good.
    pub async fn set_reserved(&self, function: &str, reserved: Option<i32>) -> Result<(), Failure> {
        let step = format!("reserve concurrency for {function}");
        let lambda = &self.clients.lambda;
        match reserved {
            Some(n) => {
                let request = lambda.put_function_concurrency().function_name(function);
                let answer = request.reserved_concurrent_executions(n).send().await;
                answer.map(drop).map_err(|error| refused(&step, &error))
            }
            None => {
                let answer = lambda.delete_function_concurrency().function_name(function).send().await;
                answer.map(drop).map_err(|error| refused(&step, &error))
            }
        }
    }

    /// What is reserved now.
    pub async fn reserved(&self, function: &str) -> Result<Option<i32>, Failure> {
        let answer = self.clients.lambda.get_function_concurrency().function_name(function).send().await;
        let answer = answer
            .map_err(|error| refused(&format!("read the reserved concurrency of {function}"), &error))?;
        Ok(answer.reserved_concurrent_executions())
    }
}
