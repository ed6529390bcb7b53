"""Events of the GitHub API as an archive of them holds: one a line, the fields in the API's order, invented content.

The fields are those that the API's documentation names and that the recorded examples of @octokit show.
"""
import json

from words import LANGUAGES, NOUNS, PROJECTS, Source

API = "https://api.github.com"
WEB = "https://github.com"
USER_LINKS = [("followers_url", "/followers"), ("following_url", "/following{/other_user}"), ("gists_url", "/gists{/gist_id}"),
              ("starred_url", "/starred{/owner}{/repo}"), ("subscriptions_url", "/subscriptions"), ("organizations_url", "/orgs"),
              ("repos_url", "/repos"), ("events_url", "/events{/privacy}"), ("received_events_url", "/received_events")]
REPO_LINKS = """forks /forks|keys /keys{/key_id}|collaborators /collaborators{/collaborator}|teams /teams|hooks /hooks|issue_events
/issues/events{/number}|events /events|assignees /assignees{/user}|branches /branches{/branch}|tags /tags|blobs
/git/blobs{/sha}|git_tags /git/tags{/sha}|git_refs /git/refs{/sha}|trees /git/trees{/sha}|statuses /statuses/{sha}|languages
/languages|stargazers /stargazers|contributors /contributors|subscribers /subscribers|subscription /subscription|commits
/commits{/sha}|git_commits /git/commits{/sha}|comments /comments{/number}|issue_comment /issues/comments/{number}|contents
/contents/{+path}|compare /compare/{base}...{head}|merges /merges|archive /{archive_format}{/ref}|downloads
/downloads|issues /issues{/number}|pulls /pulls{/number}|milestones /milestones{/number}|notifications
/notifications{?since,all,participating}|labels /labels{/name}|releases /releases{/id}"""
REPO_LINKS = [pair.split() for pair in REPO_LINKS.replace("\n", " ").split("|")]


class World(Source):
    """People and repositories that come back, with a clock that runs."""

    def __init__(self, seed, with_display):
        super().__init__(seed)
        self.with_display = with_display
        self.clock = 0
        self.day = f"20{self.randint(12, 19)}-{self.randint(1, 12):02}-{self.randint(1, 28):02}"
        self.number = self.randint(1100000000, 9000000000)

    def stamp(self, back=0):
        second = max(self.clock - back, 0)
        return f"{self.day}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"

    def actor(self, login, number):
        who = {"id": number, "login": login}
        if self.with_display:
            who["display_login"] = login
        return {**who, "gravatar_id": "", "url": f"{API}/users/{login}", "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?"}

    def user(self, login, number, kind="User"):
        base = f"{API}/users/{login}"
        out = {"login": login, "id": number, "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=3",
               "gravatar_id": "", "url": base, "html_url": f"{WEB}/{login}"}
        out.update((key, base + tail) for key, tail in USER_LINKS)
        return {**out, "type": kind, "site_admin": False}

    def repository(self, login, number, name, fork):
        base = f"{API}/repos/{login}/{name}"
        out = {"id": self.randint(10**6, 9 * 10**7), "name": name, "full_name": f"{login}/{name}", "owner": self.user(login, number),
               "private": False, "html_url": f"{WEB}/{login}/{name}", "description": self.sentence(3, 9), "fork": fork, "url": base}
        out.update((f"{key}_url", f"{base}{tail}") for key, tail in REPO_LINKS)
        out.update(created_at=self.stamp(3600), updated_at=self.stamp(), pushed_at=self.stamp(60), git_url=f"git://github.com/{login}/{name}.git",
                   ssh_url=f"git@github.com:{login}/{name}.git", clone_url=f"{WEB}/{login}/{name}.git", svn_url=f"{WEB}/{login}/{name}",
                   homepage=self.choice([None, ""]), size=self.randint(0, 9000), stargazers_count=self.randint(0, 40), watchers_count=self.randint(0, 40),
                   language=self.choice(LANGUAGES), has_issues=True, has_downloads=True, has_wiki=True, has_pages=self.random() < 0.1,
                   forks_count=self.randint(0, 9), mirror_url=None, open_issues_count=self.randint(0, 9), forks=self.randint(0, 9),
                   open_issues=self.randint(0, 9), watchers=self.randint(0, 40), default_branch="master")
        return out

    def issue(self, repo, login, number):
        serial = self.randint(1, 900)
        base = f"{API}/repos/{repo}/issues/{serial}"
        closed = self.random() < 0.4
        label = {"url": f"{API}/repos/{repo}/labels/bug", "name": "bug", "color": "fc2929"}
        return {"url": base, "labels_url": base + "/labels{/name}", "comments_url": base + "/comments", "events_url": base + "/events",
                "html_url": f"{WEB}/{repo}/issues/{serial}", "id": self.randint(10**7, 9 * 10**7), "number": serial, "title": self.change(),
                "user": self.user(login, number), "labels": [label] if self.random() < 0.3 else [], "state": "closed" if closed else "open",
                "locked": False, "assignee": None, "milestone": None, "comments": self.randint(0, 9), "created_at": self.stamp(900),
                "updated_at": self.stamp(), "closed_at": self.stamp() if closed else None, "body": self.text()}

    def text(self):
        return "\r\n\r\n".join(" ".join(self.sentence() for _ in range(self.randint(1, 3))) for _ in range(self.randint(1, 2)))

    def commit(self, repo, login):
        sha = self.hex(40)
        return {"sha": sha, "author": {"email": f"{self.hex(40)}@{self.choice(['gmail.com', 'users.noreply.github.com', 'hotmail.com'])}", "name": login},
                "message": self.change(), "distinct": True, "url": f"{API}/repos/{repo}/commits/{sha}"}

    def comment(self, repo, login, number, serial):
        mark = self.randint(6 * 10**7, 9 * 10**7)
        return {"url": f"{API}/repos/{repo}/issues/comments/{mark}", "html_url": f"{WEB}/{repo}/issues/{serial}#issuecomment-{mark}",
                "issue_url": f"{API}/repos/{repo}/issues/{serial}", "id": mark, "user": self.user(login, number), "created_at": self.stamp(),
                "updated_at": self.stamp(), "body": self.text()}

    def pull(self, repo, login, number):
        serial = self.randint(1, 400)
        base = f"{API}/repos/{repo}/pulls/{serial}"
        page = f"{WEB}/{repo}/pull/{serial}"
        owner, name = repo.split("/")
        end = {side: {"label": f"{login}:master", "ref": "master", "sha": self.hex(40), "user": self.user(login, number),
                      "repo": self.repository(login if side == "head" else owner, number, name, side == "head")} for side in ["head", "base"]}
        links = {"self": base, "html": page, "issue": f"{API}/repos/{repo}/issues/{serial}", "comments": f"{API}/repos/{repo}/issues/{serial}/comments",
                 "review_comments": base + "/comments", "review_comment": f"{API}/repos/{repo}/pulls/comments{{/number}}", "commits": base + "/commits"}
        return {"url": base, "id": self.randint(10**7, 9 * 10**7), "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch",
                "issue_url": links["issue"], "number": serial, "state": "open", "locked": False, "title": self.change(),
                "user": self.user(login, number), "body": self.text(), "created_at": self.stamp(), "updated_at": self.stamp(), "closed_at": None,
                "merged_at": None, "merge_commit_sha": None, "assignee": None, "milestone": None, "commits_url": base + "/commits",
                "review_comments_url": base + "/comments", "review_comment_url": links["review_comment"], "comments_url": links["comments"],
                "statuses_url": f"{API}/repos/{repo}/statuses/{self.hex(40)}", **end, "_links": {key: {"href": value} for key, value in links.items()},
                "merged": False, "mergeable": None, "mergeable_state": "unknown", "merged_by": None, "comments": 0, "review_comments": 0,
                "commits": self.randint(1, 5), "additions": self.randint(1, 300), "deletions": self.randint(0, 90), "changed_files": self.randint(1, 9)}

    def payload(self, kind, repo, login, number):
        if kind == "PushEvent":
            commits = [self.commit(repo, login) for _ in range(self.choice([1, 1, 1, 2, 3]))]
            return {"push_id": self.randint(5 * 10**8, 9 * 10**8), "size": len(commits), "distinct_size": len(commits),
                    "ref": f"refs/heads/{self.choice(['master', 'master', 'develop', 'gh-pages', self.choice(NOUNS)])}",
                    "head": commits[-1]["sha"], "before": self.hex(40), "commits": commits}
        if kind == "CreateEvent":
            what = self.choice(["repository", "branch", "tag"])
            name = {"repository": None, "branch": self.choice(["master", "gh-pages", self.choice(NOUNS)]), "tag": f"v{self.randint(0, 3)}.{self.randint(0, 20)}.{self.randint(0, 9)}"}[what]
            return {"ref": name, "ref_type": what, "master_branch": "master", "description": self.choice(["", self.sentence(3, 9)]), "pusher_type": "user"}
        if kind == "DeleteEvent":
            return {"ref": f"{self.choice(NOUNS)}-{self.choice(NOUNS)}", "ref_type": "branch", "pusher_type": "user"}
        if kind == "ForkEvent":
            return {"forkee": {**self.repository(login, number, repo.split("/")[1], True), "public": True}}
        if kind == "GollumEvent":
            title = self.choice(["Home", "Installation", "FAQ", "Usage", "Roadmap"])
            return {"pages": [{"page_name": title, "title": title, "summary": None, "action": self.choice(["edited", "created"]),
                               "sha": self.hex(40), "html_url": f"{WEB}/{repo}/wiki/{title}"}]}
        if kind == "IssuesEvent":
            return {"action": self.choice(["opened", "closed"]), "issue": self.issue(repo, login, number)}
        if kind == "IssueCommentEvent":
            issue = self.issue(repo, self.login(), self.randint(1000, 10**7))
            return {"action": "created", "issue": issue, "comment": self.comment(repo, login, number, issue["number"])}
        if kind == "PullRequestEvent":
            pull = self.pull(repo, login, number)
            return {"action": "opened", "number": pull["number"], "pull_request": pull}
        return {"action": "started"}

    def event(self, kind):
        self.clock += self.randint(0, 3)
        self.number += self.randint(1, 9)
        login, number = self.login(), self.randint(1000, 10**7)
        owner = login if self.random() < 0.6 else self.login()
        repo = f"{owner}/{self.choice(PROJECTS)}"
        out = {"id": str(self.number), "type": kind, "actor": self.actor(login, number),
               "repo": {"id": self.randint(10**6, 9 * 10**7), "name": repo, "url": f"{API}/repos/{repo}"},
               "payload": self.payload(kind, repo, login, number), "public": True, "created_at": self.stamp()}
        if owner != login and self.random() < 0.6:
            mark = self.randint(1000, 10**7)
            out["org"] = {"id": mark, "login": owner, "gravatar_id": "", "url": f"{API}/orgs/{owner}", "avatar_url": f"https://avatars.githubusercontent.com/u/{mark}?"}
        return json.dumps(out, separators=(",", ":"))


KINDS = (["PushEvent"] * 20 + ["CreateEvent"] * 4 + ["IssueCommentEvent"] * 3 + ["WatchEvent"] * 4 + ["IssuesEvent"] * 2
         + ["ForkEvent", "PullRequestEvent", "DeleteEvent", "GollumEvent"])


def lines(seed, count, with_display=False):
    """`count` events of one hour."""
    world = World(seed, with_display)
    return "\n".join(world.event(world.choice(KINDS)) for _ in range(count)) + "\n"
