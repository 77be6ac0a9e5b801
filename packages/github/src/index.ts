export { type Answer, type GitHubApi, type GitHubOptions, openGitHub } from './api.ts';
export { type Exchange } from './wire.ts';
export {
  GitHubError,
  type GitHubTrouble,
  gitHubFailure,
  isAbsent,
  isDenied,
  permissionRemedy,
} from './error.ts';
export {
  type BranchRules,
  type Check,
  type RequiredCheck,
  checkRunsOf,
  requiredChecks,
  statusesOf,
} from './checks.ts';
export {
  type CommitEntry,
  type PullRequest,
  commitsBetween,
  commitsUpTo,
  pullRequestsOf,
} from './commits.ts';
export { type Approval, approvalsOf } from './approvals.ts';
export { COMMENT_LIMIT, type StickyComment, writeComment } from './comments.ts';
export {
  type DeploymentStatus,
  type NewDeployment,
  type RunDeployment,
  type RunOfDeployment,
  deploymentOfRun,
  ensureDeployment,
  setDeploymentStatus,
} from './deployments.ts';
export { lastRunOutcome } from './last-outcome.ts';
export { RELEASE_LIMIT, changeReleaseBody, releaseAssets } from './releases.ts';
export {
  type Version,
  type VersionTag,
  commitOfTag,
  parseVersion,
  previousVersion,
  tagNamed,
  versionTags,
} from './versions.ts';
