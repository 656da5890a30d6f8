"The maker's tools: the site, README.md, clean copies, shipping a model. They work on a clone and are not in the wheel."
