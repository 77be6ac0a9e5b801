export { type Asked, type Description, readDescription } from './description.ts';
export { type GitHubRig, rigGitHub } from './rig.ts';
export { type Repository, emptyRepository, shaOf } from './repository.ts';
export { type GitHubStub, type Permission, type Reply, startGitHub } from './stub.ts';
