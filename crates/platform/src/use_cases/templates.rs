//! Templates: listed, and put into new repositories.

use bytes::Bytes;
use windlass_delivery::build;
use windlass_model::names::TemplateName;

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;
use crate::templates::{Template, TemplateContent, TemplateService};

impl Platform {
    /// The templates that the operator named, by name.
    pub fn templates(&self, _context: &Context) -> &[Template] {
        &self.parts.settings.templates
    }

    /// One of them.
    pub fn template(&self, context: &Context, name: &TemplateName) -> Result<&Template, Error> {
        let mut all = self.templates(context).iter();
        all.find(|template| template.name == *name)
            .ok_or_else(|| Error::not_found("template", name))
    }

    /// Where a template's archive is.
    pub fn template_url(&self, template: &Template) -> String {
        template.url(&self.parts.settings.public_url)
    }

    /// The archive of a template that this server has.
    pub fn template_archive(&self, context: &Context, name: &str) -> Result<Bytes, Error> {
        let named = name
            .strip_suffix(".zip")
            .and_then(|name| name.parse().ok())
            .map(|name: TemplateName| self.template(context, &name));
        match named {
            Some(Ok(Template {
                content: TemplateContent::Archive(archive),
                ..
            })) => Ok(archive.clone()),
            _ => Err(Error::not_found("archive", name)),
        }
    }

    /// The services that a template needs, by the identifiers that the regions have: the name of a type stands for the
    /// first of that type. What no region offers is left as it is written.
    pub async fn template_services(
        &self,
        context: &Context,
        template: &Template,
    ) -> Result<Vec<TemplateService>, Error> {
        let offered = self.services(context, None).await?;
        let identifier = |name: &str| {
            let exact = offered.iter().find(|service| service.identifier == name);
            let of_type = || {
                let all = offered.iter().filter(|service| service.driver == name);
                all.min_by_key(|service| service.rank)
            };
            exact
                .or_else(of_type)
                .map_or_else(|| name.to_owned(), |service| service.identifier.clone())
        };
        Ok(template
            .services
            .iter()
            .map(|needed| TemplateService {
                service: identifier(&needed.service),
                prefix: needed.prefix.clone(),
            })
            .collect())
    }

    /// The template at a URL: one that the operator named, or whatever is there. Nothing is asked yet.
    pub(crate) fn template_at(&self, url: &str) -> Result<build::Template, Error> {
        let public_url = &self.parts.settings.public_url;
        let mut named = self.parts.settings.templates.iter();
        if let Some(template) = named.find(|template| template.url(public_url) == url) {
            return Ok(template.order());
        }
        let is_http = ["http://", "https://"].iter().any(|scheme| {
            let rest = url.strip_prefix(scheme);
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
        });
        let good = is_http
            && url.len() <= 2048
            && url.chars().all(|c| c.is_ascii_graphic())
            && !url
                .split('/')
                .nth(2)
                .is_some_and(|authority| authority.contains('@'));
        if !good {
            // The words that clients of this kind of API look for.
            return Err(Error::invalid("app_template", "Enter a valid URL."));
        }
        Ok(build::Template::Fetched {
            url: url.to_owned(),
            is_named: false,
        })
    }
}
