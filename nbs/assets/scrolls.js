// A table wider than its column says so, to the eye by words below it, to a screen reader by its name
for (const table of document.querySelectorAll('main.content table')) {
  if (table.scrollWidth<=table.clientWidth+8) continue
  table.insertAdjacentHTML('afterend', '<p class="scrolls" aria-hidden="true">The table goes on to the right: scroll it ↔</p>')
  if (!table.hasAttribute('aria-label')) table.setAttribute('aria-label', 'Table that scrolls sideways')
}
