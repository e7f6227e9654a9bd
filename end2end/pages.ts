// Every page that can be reached by its address alone, as in app/src/routes.rs: for the pictures and for axe.
export const pages = [
  { name: 'overview', path: '/' },
  { name: 'search', path: '/search' },
  { name: 'tokens', path: '/tokens' },
  { name: 'token-create', path: '/tokens/new' },
  { name: 'apps', path: '/apps' },
  { name: 'books', path: '/books' },
  { name: 'assign', path: '/assign' },
  { name: 'licences', path: '/licenses' },
  { name: 'ledger', path: '/ledger' },
  { name: 'devices', path: '/devices' },
  { name: 'device-add', path: '/devices/add' },
  { name: 'devices-import', path: '/devices/import' },
  { name: 'activity', path: '/activity' },
  { name: 'accounts', path: '/settings/accounts' },
  { name: 'account-add', path: '/settings/accounts/add' },
  { name: 'data-sent-to-apple', path: '/settings/data-sent-to-apple' },
];
