/** The roles a configuration is read for; they differ in some defaults and in what they require. */
export const roles = ['api', 'processor', 'operator', 'migrate', 'standalone', 'admin'] as const
export type Role = (typeof roles)[number]
