//! Which servers a connection trusts, without touching process-wide state.

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::domain::Error;

/// TLS with the system's trusted roots.
pub(crate) fn of_the_system() -> Result<ClientConfig, Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let builder = builder()?.with_platform_verifier().map_err(|error| {
        Error::config("cannot read the system's trusted certificates").because(error)
    })?;
    Ok(builder.with_no_client_auth())
}

/// TLS that trusts no certificate, for clients that never use it.
pub(crate) fn never_used() -> Result<ClientConfig, Error> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("cannot set up TLS").because(error))
}
